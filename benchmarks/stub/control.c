/* What is asked of the stub itself, under /_stub/: settings and counts. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPERATIONS 120
#define MOST_ACCOUNTS 200

struct settings settings = {.account = "111122223333"};

static struct {
    const char *operation;
    long calls, throttled;
} rows[MOST_OPERATIONS];
static int row_count;
static long statuses[600], connections;
static size_t all_bytes_in, all_bytes_out;
static double first, last;

/* Seconds of a clock that is never set. */
double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void count(const struct answer *answer, int throttled, size_t bytes_in, size_t bytes_out) {
    int row = 0;
    last = seconds_now();
    if (!row_count)
        first = last;
    while (row < row_count && strcmp(rows[row].operation, answer->operation))
        row++;
    if (row == row_count && row_count < MOST_OPERATIONS)
        rows[row_count++].operation = answer->operation;
    rows[row].calls++;
    rows[row].throttled += throttled;
    statuses[answer->status]++;
    all_bytes_in += bytes_in;
    all_bytes_out += bytes_out;
}

void count_connection(void) { connections++; }

/* Whether an account has had its calls of this moment. Its tokens refill at the rate that is set; a call that is
   refused takes none. */
int over_the_rate(const char *account) {
    static struct {
        char account[13];
        double tokens, since;
    } buckets[MOST_ACCOUNTS];
    if (settings.throttle <= 0)
        return 0;
    int i = 0;
    while (i < MOST_ACCOUNTS - 1 && buckets[i].account[0] && strcmp(buckets[i].account, account))
        i++;
    double now = seconds_now(), most = settings.burst > 1 ? settings.burst : 1;
    if (!buckets[i].account[0]) {
        strcpy(buckets[i].account, account);
        buckets[i].tokens = most;
        buckets[i].since = now;
    }
    buckets[i].tokens += (now - buckets[i].since) * settings.throttle;
    buckets[i].since = now;
    if (buckets[i].tokens > most)
        buckets[i].tokens = most;
    if (buckets[i].tokens < 1)
        return 1;
    buckets[i].tokens -= 1;
    return 0;
}

static void forget_counts(void) {
    memset(rows, 0, sizeof rows);
    memset(statuses, 0, sizeof statuses);
    row_count = 0;
    connections = 0;
    all_bytes_in = all_bytes_out = 0;
    first = last = 0;
}

/* Change a setting; 0 where there is none of this name, or the value is not one. */
int setting(const char *name, const char *value) {
    char *end;
    double number = strtod(value, &end);
    if (!strcmp(name, "account") && strlen(value) == 12) {
        strcpy(settings.account, value);
        return 1;
    }
    if (!*value || *end || number < 0)
        return 0;
    if (!strcmp(name, "latency_ms"))
        settings.latency_ms = number;
    else if (!strcmp(name, "jitter_ms"))
        settings.jitter_ms = number;
    else if (!strcmp(name, "throttle"))
        settings.throttle = number;
    else if (!strcmp(name, "burst"))
        settings.burst = number;
    else if (!strcmp(name, "close_after"))
        settings.close_after = (long)number;
    else if (!strcmp(name, "chunked"))
        settings.chunked = number != 0;
    else
        return 0;
    return 1;
}

static void say_settings(struct text *body) {
    text_say(body,
             "{\"latency_ms\": %g, \"jitter_ms\": %g, \"throttle\": %g, \"burst\": %g, \"close_after\": %ld, "
             "\"chunked\": %d, \"account\": \"%s\"}\n",
             settings.latency_ms, settings.jitter_ms, settings.throttle, settings.burst, settings.close_after,
             settings.chunked, settings.account);
}

static void say_counts(struct text *body) {
    long total = 0, throttled = 0, said = 0;
    size_t buckets;
    sorted_buckets(&buckets);
    text_say(body, "{\"calls\": {");
    for (int i = 0; i < row_count; i++) {
        text_say(body, "%s\"%s\": %ld", i ? ", " : "", rows[i].operation, rows[i].calls);
        total += rows[i].calls;
        throttled += rows[i].throttled;
    }
    text_say(body, "}, \"statuses\": {");
    for (int status = 0; status < 600; status++)
        if (statuses[status])
            text_say(body, "%s\"%d\": %ld", said++ ? ", " : "", status, statuses[status]);
    text_say(body,
             "}, \"total\": %ld, \"throttled\": %ld, \"connections\": %ld, \"bytes_in\": %zu, \"bytes_out\": %zu, "
             "\"seconds\": %.6f, \"buckets\": %zu}\n",
             total, throttled, connections, all_bytes_in, all_bytes_out, last - first, buckets);
}

/* Answer what is asked of the stub itself; 0 where that is not the question. */
int answer_control(const struct request *request, struct answer *answer) {
    if (strncmp(request->path, "/_stub/", 7))
        return 0;
    const char *what = request->path + 7;
    int posts = !strcmp(request->method, "POST");
    answer->status = 200;
    answer->content_type = "application/json";
    if (!strcmp(what, "settings")) {
        for (int i = 0; posts && i < request->query_count; i++)
            if (!setting(request->query[i].name, request->query[i].value))
                answer->status = 400;
        say_settings(&answer->body);
    } else if (!strcmp(what, "reset") && posts) {
        const char *part = parameter(request, "what");
        if (!part || strcmp(part, "counts"))
            remove_all_buckets();
        if (!part || strcmp(part, "buckets"))
            forget_counts();
        say_counts(&answer->body);
    } else if (!strcmp(what, "counts")) {
        say_counts(&answer->body);
    } else {
        answer->status = 404;
        text_say(&answer->body, "{\"error\": \"GET or POST /_stub/settings, GET /_stub/counts, POST /_stub/reset\"}\n");
    }
    return 1;
}
