/* Objects: PUT, GET, HEAD, DELETE with conditions, their tags, and lists of them. No history of versions is kept. */
#include "stub.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const KEPT[] = {"content-type", "content-encoding", "content-disposition", "content-language",
                                   "cache-control", "expires", "x-amz-storage-class",
                                   "x-amz-website-redirect-location"};

static int is_versioned(struct bucket *bucket) { return !!strstr(document(bucket, "versioning"), ">Enabled<"); }

/* The headers of a PUT that every GET answers with. */
static char *kept_headers(const struct request *request) {
    struct text kept = {0};
    for (int i = 0; i < request->header_count; i++) {
        const struct field *field = &request->headers[i];
        int keeps = !strncasecmp(field->name, "x-amz-meta-", 11);
        for (size_t j = 0; j < sizeof KEPT / sizeof *KEPT; j++)
            keeps |= !strcasecmp(field->name, KEPT[j]);
        if (keeps && strcasecmp(field->name, "content-type") && strcasecmp(field->value, "aws-chunked"))
            text_say(&kept, "%s: %s\r\n", field->name, field->value);
    }
    const char *type = header(request, "content-type");
    text_say(&kept, "Content-Type: %s\r\n", type && *type ? type : "binary/octet-stream");
    return kept.data;
}

static void say_stamp(struct bucket *bucket, const struct object *object, struct answer *answer) {
    text_say(&answer->headers, "ETag: %s\r\nx-amz-server-side-encryption: AES256\r\n", object->etag);
    if (is_versioned(bucket))
        text_say(&answer->headers, "x-amz-version-id: %s\r\n", object->version);
}

/* Whether a condition of the request speaks against it; the answer says so. */
static int is_refused(const struct request *request, const struct object *object, struct answer *answer) {
    const char *none = header(request, "if-none-match"), *match = header(request, "if-match");
    int writes = strcmp(request->method, "GET") && strcmp(request->method, "HEAD");
    if (match && !object && writes) {
        error(answer, 404, "NoSuchKey", "The specified key does not exist.", request->key);
        return 1;
    }
    if ((match && object && strcmp(match, "*") && strcmp(match, object->etag)) || (writes && none && object)) {
        error(answer, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
              request->key);
        return 1;
    }
    if (!writes && none && object && (!strcmp(none, "*") || !strcmp(none, object->etag))) {
        answer->status = 304;
        return 1;
    }
    return 0;
}

static void get_object(struct bucket *bucket, const struct object *object, struct answer *answer) {
    char modified[40];
    struct tm parts;
    strftime(modified, sizeof modified, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&object->modified, &parts));
    say_stamp(bucket, object, answer);
    text_say(&answer->headers, "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n%s", modified, object->headers);
    answer->is_object = 1;
    text_add(&answer->body, object->body.data ? object->body.data : "", object->body.length);
}

/* What is asked of an object; 0 where that is nothing the stub knows. */
int answer_object(const struct request *request, struct bucket *bucket, struct answer *answer) {
    const char *method = request->method;
    struct object *object = find_object(bucket, request->key);
    int reads = !strcmp(method, "GET") || !strcmp(method, "HEAD");
    answer->status = 200;
    if (parameter(request, "uploads") || parameter(request, "uploadId") || parameter(request, "retention") ||
        parameter(request, "legal-hold") || parameter(request, "attributes") ||
        header(request, "x-amz-copy-source"))
        return 0;
    if (parameter(request, "tagging") || parameter(request, "acl")) {
        int tags = !!parameter(request, "tagging");
        answer->operation = tags ? reads ? "GetObjectTagging" : "PutObjectTagging" : reads ? "GetObjectAcl" : "PutObjectAcl";
        if (!object)
            error(answer, 404, "NoSuchKey", "The specified key does not exist.", request->key);
        else if (reads)
            text_say(&answer->body, tags ? DECLARATION "<Tagging xmlns=\"" NAMESPACE "\"><TagSet/></Tagging>"
                                         : DECLARATION "<AccessControlPolicy xmlns=\"" NAMESPACE
                                                       "\"><AccessControlList/></AccessControlPolicy>");
        return 1; /* tags of objects are taken, and not kept */
    }
    if (reads) {
        answer->operation = *method == 'G' ? "GetObject" : "HeadObject";
        if (is_refused(request, object, answer))
            return 1;
        if (object)
            get_object(bucket, object, answer);
        else
            error(answer, 404, "NoSuchKey", "The specified key does not exist.", request->key);
    } else if (!strcmp(method, "PUT")) {
        answer->operation = "PutObject";
        if (is_refused(request, object, answer))
            return 1;
        struct text body = {0};
        if (request->body.length)
            text_add(&body, request->body.data, request->body.length);
        object = put_object(bucket, request->key, &body);
        free(object->headers);
        object->headers = kept_headers(request);
        say_stamp(bucket, object, answer);
    } else if (!strcmp(method, "DELETE")) {
        answer->operation = "DeleteObject";
        answer->status = 204;
        if (!header(request, "if-match") || !is_refused(request, object, answer))
            remove_object(bucket, request->key);
    } else {
        return 0;
    }
    return 1;
}

/* ListObjects, ListObjectsV2 and ListObjectVersions; without delimiters. */
void list_objects(const struct request *request, struct bucket *bucket, struct answer *answer) {
    int versions = !!parameter(request, "versions"), second = !!parameter(request, "list-type");
    const char *prefix = parameter(request, "prefix"), *most = parameter(request, "max-keys"), *after = "";
    const char *const STARTS[] = {"start-after", "continuation-token", "marker", "key-marker"};
    const char *root = versions ? "ListVersionsResult" : "ListBucketResult", *last = "";
    long room = most && *most ? strtol(most, NULL, 10) : 1000, found = 0;
    for (int i = 0; i < 4; i++)
        if (parameter(request, STARTS[i]))
            after = parameter(request, STARTS[i]);
    answer->status = 200;
    answer->operation = versions ? "ListObjectVersions" : second ? "ListObjectsV2" : "ListObjects";
    prefix = prefix ? prefix : "";
    text_say(&answer->body, DECLARATION "<%s xmlns=\"" NAMESPACE "\"><Name>%s</Name><Prefix>", root, bucket->name);
    text_escaped(&answer->body, prefix);
    text_say(&answer->body, "</Prefix><MaxKeys>%ld</MaxKeys>", room);
    struct object *object = bucket->objects;
    for (; object && found < room; object = object->next) {
        char modified[40];
        struct tm parts;
        if (strncmp(object->key, prefix, strlen(prefix)) || strcmp(object->key, after) <= 0)
            continue;
        strftime(modified, sizeof modified, "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&object->modified, &parts));
        text_say(&answer->body, "<%s><Key>", versions ? "Version" : "Contents");
        text_escaped(&answer->body, object->key);
        text_say(&answer->body, "</Key>");
        if (versions)
            text_say(&answer->body, "<VersionId>%s</VersionId><IsLatest>true</IsLatest>",
                     is_versioned(bucket) ? object->version : "null");
        text_say(&answer->body,
                 "<LastModified>%s</LastModified><ETag>%s</ETag><Size>%zu</Size><StorageClass>STANDARD</StorageClass></%s>",
                 modified, object->etag, object->body.length, versions ? "Version" : "Contents");
        last = object->key;
        found++;
    }
    if (second)
        text_say(&answer->body, "<KeyCount>%ld</KeyCount>", found);
    if (object) {
        const char *next = versions ? "NextKeyMarker" : second ? "NextContinuationToken" : "NextMarker";
        text_say(&answer->body, "<%s>", next);
        text_escaped(&answer->body, last);
        text_say(&answer->body, "</%s>", next);
    }
    text_say(&answer->body, "<IsTruncated>%s</IsTruncated></%s>", object ? "true" : "false", root);
}
