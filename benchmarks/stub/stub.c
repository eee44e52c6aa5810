/* The loop: connections, requests as they come, answers when they are due. One thread; waiting blocks nobody. */
#define _GNU_SOURCE
#include "stub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST_HEAD (64 * 1024)
#define LARGEST_REQUEST (64L << 20)

struct connection {
    int fd;
    struct text in, out;
    size_t sent;
    long answered;
    int waits, closes, has_continued, is_gone; /* waits: its answer is not due yet */
    double due;
};

/* ── answers that are not due yet: a heap, the next one on top ── */

static struct connection **heap;
static size_t heap_size, heap_room;

static void swap(size_t one, size_t other) {
    struct connection *kept = heap[one];
    heap[one] = heap[other];
    heap[other] = kept;
}

static void wait_until_due(struct connection *connection) {
    if (heap_size == heap_room) {
        heap_room = heap_room ? heap_room * 2 : 256;
        heap = realloc(heap, heap_room * sizeof *heap);
        if (!heap)
            exit(1);
    }
    size_t at = heap_size++;
    heap[at] = connection;
    connection->waits = 1;
    for (; at && heap[at]->due < heap[(at - 1) / 2]->due; at = (at - 1) / 2)
        swap(at, (at - 1) / 2);
}

static struct connection *next_due(void) {
    struct connection *top = heap[0];
    heap[0] = heap[--heap_size];
    for (size_t at = 0, child; (child = 2 * at + 1) < heap_size; at = child) {
        if (child + 1 < heap_size && heap[child + 1]->due < heap[child]->due)
            child++;
        if (heap[at]->due <= heap[child]->due)
            break;
        swap(at, child);
    }
    top->waits = 0;
    return top;
}

/* ── one request ── */

/* Find the body: 1 complete, 0 more has to come, -1 not HTTP that is understood here. `size`: of all of it. */
static int find_body(const struct request *request, struct text *in, size_t head, struct text *body, size_t *size) {
    const char *coding = header(request, "transfer-encoding"), *length = header(request, "content-length");
    const char *hashed = header(request, "x-amz-content-sha256");
    struct text raw = {0};
    if (coding && !strcasecmp(coding, "chunked")) {
        long used = decode_chunks(in->data + head, in->length - head, &raw);
        if (used <= 0) {
            text_free(&raw);
            return (int)used;
        }
        *size = head + (size_t)used;
    } else {
        size_t expected = length ? strtoul(length, NULL, 10) : 0;
        if (in->length - head < expected)
            return 0;
        if (expected)
            text_add(&raw, in->data + head, expected);
        *size = head + expected;
    }
    if (hashed && !strncmp(hashed, "STREAMING-", 10) && raw.length) {
        struct text whole = {0};
        text_add(&raw, "\n", 1); /* some leave out the empty line after the last chunk */
        if (decode_chunks(raw.data, raw.length, &whole) <= 0) {
            text_free(&raw);
            text_free(&whole);
            return -1;
        }
        text_free(&raw);
        raw = whole;
    }
    *body = raw;
    return 1;
}

/* Take the head apart, in a copy that is written into. */
static int parse_head(struct request *request, char *head) {
    char *line = strstr(head, "\r\n"), *target, *query;
    *line = 0;
    request->method = head;
    if (!(target = strchr(head, ' ')))
        return 0;
    *target++ = 0;
    char *version = strchr(target, ' ');
    if (!version)
        return 0;
    *version = 0;
    for (line += 2; *line && request->header_count < MOST_HEADERS;) {
        char *end = strstr(line, "\r\n"), *value = strchr(line, ':');
        if (!end || !value || value > end)
            break;
        *end = *value++ = 0;
        value += strspn(value, " \t");
        request->headers[request->header_count++] = (struct field){line, value};
        line = end + 2;
    }
    if (!strncmp(target, "http://", 7))
        target = strchr(target + 7, '/');
    if (!target || *target != '/')
        return 0;
    if ((query = strchr(target, '?')))
        *query++ = 0;
    request->path = target;
    parse_query(request, query);
    return 1;
}

/* The name of the bucket and the key of the object in a path. */
static void parse_path(struct request *request) {
    static char nothing[1];
    char *bucket = request->path + 1, *key = strchr(bucket, '/');
    request->bucket = bucket;
    request->key = key ? key + 1 : nothing;
    if (key)
        *key = 0;
    decode_percent(request->bucket);
    decode_percent(request->key);
}

static void answer(struct request *request, struct answer *answer, int *throttled) {
    answer->is_head = !strcmp(request->method, "HEAD");
    if (answer_control(request, answer))
        return;
    parse_credential(request, settings.account);
    if (!strcmp(request->method, "POST") && !strcmp(request->path, "/") && request->body.length)
        parse_query(request, request->body.data);
    if (!strcmp(request->method, "POST") && parameter(request, "Action")) {
        answer_sts(request, answer);
        return;
    }
    *throttled = over_the_rate(request->account);
    parse_path(request);
    answer_s3(request, answer, *throttled);
}

/* Answer the request that has come, if it is complete: 1; else 0; -1 when nothing more is wanted of this caller. */
static int take_request(struct connection *connection) {
    struct text *in = &connection->in;
    char *end = in->length ? memmem(in->data, in->length, "\r\n\r\n", 4) : NULL;
    if (!end)
        return in->length > LONGEST_HEAD ? -1 : 0;
    size_t head = (size_t)(end - in->data) + 4, size = 0;
    struct request request = {0};
    char *copy = copy_of(in->data, head);
    int found = parse_head(&request, copy) ? find_body(&request, in, head, &request.body, &size) : -1;
    if (found == 1) {
        struct answer said = {0};
        int throttled = 0;
        answer(&request, &said, &throttled);
        const char *wish = header(&request, "connection");
        connection->answered++;
        connection->closes = (settings.close_after && connection->answered >= settings.close_after && said.operation) ||
                             (wish && !strcasecmp(wish, "close"));
        connection->out.length = connection->sent = 0;
        write_answer(&connection->out, &said, settings.chunked && said.operation && !said.is_object, connection->closes);
        if (said.operation) {
            count(&said, throttled, size, connection->out.length);
            double wait = settings.latency_ms + (settings.jitter_ms ? settings.jitter_ms * drand48() : 0);
            connection->due = wait > 0 ? seconds_now() + wait / 1000 : 0;
        } else {
            connection->due = 0;
        }
        text_free(&said.headers);
        text_free(&said.body);
        text_free(&request.body);
        memmove(in->data, in->data + size, in->length - size);
        in->length -= size;
        connection->has_continued = 0;
    } else if (!found && header(&request, "expect") && !connection->has_continued) {
        static const char GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";
        connection->has_continued = 1;
        if (write(connection->fd, GO_ON, sizeof GO_ON - 1) < 0)
            found = -1;
    }
    free(copy);
    return found;
}

/* ── connections ── */

static int poll_fd;

static void hang_up(struct connection *connection) {
    if (!connection->is_gone)
        close(connection->fd);
    connection->is_gone = 1;
    if (connection->waits)
        return; /* it is in the heap, and freed when its time has come */
    text_free(&connection->in);
    text_free(&connection->out);
    free(connection);
}

static void watch(struct connection *connection, int for_what) {
    struct epoll_event event = {.events = (uint32_t)for_what, .data.ptr = connection};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Send what is due, then answer what has come since; 0 when the connection is gone. */
static int go_on(struct connection *connection) {
    for (;;) {
        while (connection->sent < connection->out.length) {
            ssize_t sent = send(connection->fd, connection->out.data + connection->sent,
                                connection->out.length - connection->sent, MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) {
                watch(connection, EPOLLIN | EPOLLOUT);
                return 1;
            }
            if (sent < 0) {
                hang_up(connection);
                return 0;
            }
            connection->sent += (size_t)sent;
            if (connection->sent == connection->out.length && connection->closes) {
                hang_up(connection);
                return 0;
            }
        }
        int found = take_request(connection);
        if (found < 0) {
            hang_up(connection);
            return 0;
        }
        if (!found)
            return 1;
        if (connection->due) {
            wait_until_due(connection);
            return 1;
        }
    }
}

static void read_from(struct connection *connection) {
    char bytes[64 * 1024];
    for (;;) {
        ssize_t got = read(connection->fd, bytes, sizeof bytes);
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0 || (long)connection->in.length + got > LARGEST_REQUEST) {
            hang_up(connection);
            return;
        }
        text_add(&connection->in, bytes, (size_t)got);
        if ((size_t)got < sizeof bytes)
            break;
    }
    if (!connection->waits && connection->sent == connection->out.length)
        go_on(connection);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *connection = memory(sizeof *connection);
        connection->fd = fd;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
        count_connection();
    }
}

static int listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        perror("cannot listen");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void run(int listener, int ends_with_stdin) {
    static char is_listener, is_stdin;
    struct epoll_event events[512], event = {.events = EPOLLIN, .data.ptr = &is_listener};
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = &is_stdin;
    if (ends_with_stdin && epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &event))
        exit(1);
    for (;;) {
        double now = seconds_now();
        while (heap_size && heap[0]->due <= now) {
            struct connection *connection = next_due();
            if (connection->is_gone)
                hang_up(connection);
            else
                go_on(connection);
        }
        int wait = heap_size ? (int)((heap[0]->due - now) * 1000) + 1 : -1;
        int ready = epoll_wait(poll_fd, events, 512, wait);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (events[i].data.ptr == &is_listener) {
                accept_all(listener);
            } else if (events[i].data.ptr == &is_stdin) {
                char bytes[256];
                if (read(0, bytes, sizeof bytes) <= 0)
                    return;
            } else if (events[i].events & EPOLLOUT) {
                watch(connection, EPOLLIN);
                if (go_on(connection) && events[i].events & EPOLLIN)
                    read_from(connection);
            } else {
                read_from(connection);
            }
        }
    }
}

int main(int argc, char **argv) {
    int port = 0, ends_with_stdin = 0;
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++) {
        char *name = argv[i] + strspn(argv[i], "-"), *value = strchr(name, '=');
        if (!strcmp(name, "until-eof")) {
            ends_with_stdin = 1;
            continue;
        }
        if (value)
            *value++ = 0;
        for (char *letter = name; *letter; letter++)
            if (*letter == '-')
                *letter = '_';
        if (value && !strcmp(name, "port")) {
            port = atoi(value);
        } else if (!value || !setting(name, value)) {
            fprintf(stderr, "usage: stub [--port=N] [--until-eof] [--latency-ms=N] [--jitter-ms=N] [--throttle=N] "
                            "[--burst=N] [--close-after=N] [--chunked=1] [--account=N]\n");
            return 2;
        }
    }
    run(listen_on(port), ends_with_stdin);
    return 0;
}
