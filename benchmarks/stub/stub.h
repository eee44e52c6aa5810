/* A stand-in for S3 that is never the bottleneck of a benchmark. README.md says what it is and what it is not. */
#ifndef STUB_H
#define STUB_H

#include <stddef.h>
#include <time.h>

#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define MOST_HEADERS 100
#define MOST_PARAMETERS 40
#define MOST_KINDS 20

/* ── text.c: text that grows, and what is done with text ── */

struct text {
    char *data; /* ends with a 0 that is not counted; NULL while empty */
    size_t length, capacity;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_escaped(struct text *text, const char *plain);
void text_free(struct text *text);
char *copy_of(const char *bytes, size_t length);
void *memory(size_t size);
size_t decode_percent(char *text);
long decode_chunks(const char *data, size_t length, struct text *into);
void md5_hex(const char *bytes, size_t length, char hex[33]);

/* ── http.c: requests in, answers out ── */

struct field {
    const char *name, *value;
};

struct request {
    const char *method;
    char *path, *bucket, *key; /* decoded; bucket and key are "" where there is none */
    struct field headers[MOST_HEADERS], query[MOST_PARAMETERS];
    int header_count, query_count;
    struct text body;
    char account[13], region[40]; /* of the credential that has signed; region "" where nothing is signed */
    char service[24];
};

struct answer {
    int status;
    const char *operation; /* what is counted; NULL for the stub's own questions */
    const char *content_type; /* NULL: that of XML */
    struct text headers, body;
    int is_head, is_object; /* an object brings its own Content-Type, and is never sent in chunks */
};

const char *header(const struct request *request, const char *name);
const char *parameter(const struct request *request, const char *name);
void parse_query(struct request *request, char *query);
void parse_credential(struct request *request, const char *default_account);
void write_answer(struct text *out, struct answer *answer, int chunked, int closes);

/* ── store.c: buckets, documents and objects ── */

struct object {
    char *key, *headers; /* headers: as they are answered, each with its line end */
    struct text body;
    char etag[35], version[33];
    time_t modified;
    struct object *next; /* in the order of their keys */
};

struct bucket {
    char *name, *region, account[13];
    time_t created;
    int object_lock;
    struct text documents[MOST_KINDS]; /* by the index of the kind of document; empty: there is none */
    char *minimum_size;                /* of the lifecycle: x-amz-transition-default-minimum-object-size */
    struct object *objects;
    struct bucket *next_in_slot;
};

struct bucket *find_bucket(const char *name);
struct bucket *add_bucket(const char *name, const char *region, const char *account);
void remove_bucket(struct bucket *bucket);
void remove_all_buckets(void);
struct bucket **sorted_buckets(size_t *count);
struct object *find_object(struct bucket *bucket, const char *key);
struct object *put_object(struct bucket *bucket, const char *key, struct text *body);
int remove_object(struct bucket *bucket, const char *key);

/* ── s3.c, documents.c, objects.c, sts.c: what is asked ── */

void answer_s3(const struct request *request, struct answer *answer, int throttled);
void answer_sts(const struct request *request, struct answer *answer);
int answer_object(const struct request *request, struct bucket *bucket, struct answer *answer);
void list_objects(const struct request *request, struct bucket *bucket, struct answer *answer);
void be_born(struct bucket *bucket, const struct request *request);

/* A kind of document that a bucket has. */
struct kind {
    const char *query, *get, *put, *del; /* the sub-resource, and how its operations are called; NULL: no such */
    const char *root, *absent, *message; /* absent: the code for none; NULL: none is an empty document, 200 */
    int put_status;
};

const struct kind *kind_asked(const struct request *request);
void answer_document(const struct request *request, struct bucket *bucket, const struct kind *kind,
                     struct answer *answer);
void set_document(struct bucket *bucket, const char *query, const char *text);
const char *document(struct bucket *bucket, const char *query);
void error(struct answer *answer, int status, const char *code, const char *message, const char *resource);
char *inside(const char *xml, const char *element);

/* ── control.c: settings and counts ── */

struct settings {
    double latency_ms, jitter_ms; /* each answer waits so long, and up to so much longer */
    double throttle, burst;       /* calls a second of an account, 0: any; how many at once */
    long close_after;             /* answers on a connection, 0: any */
    int chunked;                  /* documents in chunks, as AWS sends them */
    char account[13];             /* of calls whose key names none */
};

extern struct settings settings;

int answer_control(const struct request *request, struct answer *answer);
int setting(const char *name, const char *value);
void count(const struct answer *answer, int throttled, size_t bytes_in, size_t bytes_out);
void count_connection(void);
int over_the_rate(const char *account);
double seconds_now(void);

#endif
