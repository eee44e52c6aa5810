/* The documents of a bucket: one row for each sub-resource, and what is the same for all. */
#include "stub.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct kind KINDS[] = {
    {"versioning", "GetBucketVersioning", "PutBucketVersioning", NULL, "VersioningConfiguration", NULL, NULL, 200},
    {"encryption", "GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption",
     "ServerSideEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError",
     "The server side encryption configuration was not found", 200},
    {"publicAccessBlock", "GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock",
     "PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration",
     "The public access block configuration was not found", 200},
    {"policy", "GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", "", "NoSuchBucketPolicy",
     "The bucket policy does not exist", 204},
    {"lifecycle", "GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle",
     "LifecycleConfiguration", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 200},
    {"tagging", "GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging", "Tagging", "NoSuchTagSet",
     "The TagSet does not exist", 204},
    {"ownershipControls", "GetBucketOwnershipControls", "PutBucketOwnershipControls",
     "DeleteBucketOwnershipControls", "OwnershipControls", "OwnershipControlsNotFoundError",
     "The bucket ownership controls were not found", 200},
    {"acl", "GetBucketAcl", "PutBucketAcl", NULL, "AccessControlPolicy", NULL, NULL, 200},
    {"logging", "GetBucketLogging", "PutBucketLogging", NULL, "BucketLoggingStatus", NULL, NULL, 200},
    {"cors", "GetBucketCors", "PutBucketCors", "DeleteBucketCors", "CORSConfiguration", "NoSuchCORSConfiguration",
     "The CORS configuration does not exist", 200},
    {"website", "GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite", "WebsiteConfiguration",
     "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", 200},
    {"accelerate", "GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration", NULL,
     "AccelerateConfiguration", NULL, NULL, 200},
    {"requestPayment", "GetBucketRequestPayment", "PutBucketRequestPayment", NULL, "RequestPaymentConfiguration", NULL,
     NULL, 200},
    {"replication", "GetBucketReplication", "PutBucketReplication", "DeleteBucketReplication",
     "ReplicationConfiguration", "ReplicationConfigurationNotFoundError",
     "The replication configuration was not found", 200},
    {"object-lock", "GetObjectLockConfiguration", "PutObjectLockConfiguration", NULL, "ObjectLockConfiguration",
     "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", 200},
    {"notification", "GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration", NULL,
     "NotificationConfiguration", NULL, NULL, 200},
};
#define KIND_COUNT ((int)(sizeof KINDS / sizeof *KINDS))

static int is(const struct kind *kind, const char *query) { return !strcmp(kind->query, query); }

/* Which document a request is about; NULL: none of these. */
const struct kind *kind_asked(const struct request *request) {
    for (int i = 0; i < KIND_COUNT; i++)
        if (parameter(request, KINDS[i].query))
            return &KINDS[i];
    return NULL;
}

static struct text *slot(struct bucket *bucket, const char *query) {
    for (int i = 0; i < KIND_COUNT; i++)
        if (is(&KINDS[i], query))
            return &bucket->documents[i];
    abort();
}

/* What is stored; "" where there is none. */
const char *document(struct bucket *bucket, const char *query) {
    struct text *found = slot(bucket, query);
    return found->length ? found->data : "";
}

void set_document(struct bucket *bucket, const char *query, const char *text) {
    struct text *found = slot(bucket, query);
    text_free(found);
    if (*text)
        text_add(found, text, strlen(text));
}

/* What stands between <element …> and </element>; to be freed. NULL where there is no such element. */
char *inside(const char *xml, const char *element) {
    size_t length = strlen(element);
    for (const char *at = xml; (at = strchr(at, '<')); at++) {
        if (strncmp(at + 1, element, length) || !strchr(" >/", at[1 + length]))
            continue;
        const char *begin = strchr(at, '>');
        if (!begin || begin[-1] == '/')
            return begin ? copy_of("", 0) : NULL;
        for (const char *end = ++begin; (end = strstr(end, "</")); end++)
            if (!strncmp(end + 2, element, length) && end[2 + length] == '>')
                return copy_of(begin, (size_t)(end - begin));
        return NULL;
    }
    return NULL;
}

#define BORN_ENCRYPTED                                                                                              \
    "<ServerSideEncryptionConfiguration xmlns=\"" NAMESPACE "\"><Rule><ApplyServerSideEncryptionByDefault>"          \
    "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false"               \
    "</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
#define BORN_CLOSED                                                                                                 \
    "<PublicAccessBlockConfiguration xmlns=\"" NAMESPACE "\"><BlockPublicAcls>true</BlockPublicAcls>"                \
    "<IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>"   \
    "true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"

/* What AWS gives a new bucket since 2023, and what came with the call that creates it. */
void be_born(struct bucket *bucket, const struct request *request) {
    struct text made = {0};
    const char *ownership = header(request, "x-amz-object-ownership");
    char *tags = request->body.length ? inside(request->body.data, "Tags") : NULL;
    set_document(bucket, "encryption", BORN_ENCRYPTED);
    set_document(bucket, "publicAccessBlock", BORN_CLOSED);
    text_say(&made, "<OwnershipControls xmlns=\"" NAMESPACE "\"><Rule><ObjectOwnership>");
    text_escaped(&made, ownership ? ownership : "BucketOwnerEnforced");
    text_say(&made, "</ObjectOwnership></Rule></OwnershipControls>");
    set_document(bucket, "ownershipControls", made.data);
    text_free(&made);
    if (tags && *tags) {
        text_say(&made, "<Tagging xmlns=\"" NAMESPACE "\"><TagSet>%s</TagSet></Tagging>", tags);
        set_document(bucket, "tagging", made.data);
        text_free(&made);
    }
    free(tags);
    const char *lock = header(request, "x-amz-bucket-object-lock-enabled");
    if (lock && !strcasecmp(lock, "true")) {
        bucket->object_lock = 1;
        set_document(bucket, "versioning",
                     "<VersioningConfiguration xmlns=\"" NAMESPACE "\"><Status>Enabled</Status></VersioningConfiguration>");
        set_document(bucket, "object-lock",
                     "<ObjectLockConfiguration xmlns=\"" NAMESPACE
                     "\"><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>");
    }
}

/* A document that a bucket has without having been given one. */
static void say_empty(const struct kind *kind, struct bucket *bucket, struct text *body) {
    text_say(body, DECLARATION "<%s xmlns=\"" NAMESPACE "\">", kind->root);
    if (is(kind, "requestPayment"))
        text_say(body, "<Payer>BucketOwner</Payer>");
    if (is(kind, "acl"))
        text_say(body,
                 "<Owner><ID>%s%052d</ID></Owner><AccessControlList><Grant><Grantee "
                 "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>%s%052d</ID>"
                 "</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>",
                 bucket->account, 0, bucket->account, 0);
    text_say(body, "</%s>", kind->root);
}

static void get_document(struct bucket *bucket, const struct kind *kind, struct answer *answer) {
    const char *found = document(bucket, kind->query);
    answer->status = 200;
    if (is(kind, "policy") && *found) {
        answer->content_type = "application/json";
        text_say(&answer->body, "%s", found);
    } else if (*found) {
        text_say(&answer->body, "%s%s", strncmp(found, "<?xml", 5) ? DECLARATION : "", found);
        if (is(kind, "lifecycle"))
            text_say(&answer->headers, "x-amz-transition-default-minimum-object-size: %s\r\n",
                     bucket->minimum_size ? bucket->minimum_size : "all_storage_classes_128K");
    } else if (kind->absent) {
        error(answer, 404, kind->absent, kind->message, bucket->name);
    } else {
        say_empty(kind, bucket, &answer->body);
    }
}

/* Whether a body is the document that it is said to be: its root, or an object for a policy. */
static int is_document(const struct kind *kind, const struct text *body) {
    const char *at = body->length ? body->data : "";
    at += strspn(at, " \t\r\n");
    if (!*kind->root)
        return *at == '{';
    if (!strncmp(at, "<?", 2)) {
        at = strstr(at, "?>");
        at = at ? at + 2 + strspn(at + 2, " \t\r\n") : "";
    }
    size_t length = strlen(kind->root);
    return *at == '<' && !strncmp(at + 1, kind->root, length) && at[1 + length] && strchr(" \t\r\n>/", at[1 + length]);
}

static void put_document(const struct request *request, struct bucket *bucket, const struct kind *kind,
                         struct answer *answer) {
    answer->status = kind->put_status;
    if (is(kind, "acl")) {
        const char *canned = header(request, "x-amz-acl");
        if (!strstr(document(bucket, "ownershipControls"), "BucketOwnerEnforced") ||
            (canned && !strcmp(canned, "private")))
            return; /* every ACL is taken, and none but the owner's kept */
        error(answer, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs", bucket->name);
        return;
    }
    if (!is_document(kind, &request->body)) {
        error(answer, 400, *kind->root ? "MalformedXML" : "MalformedPolicy",
              "The document you provided was not well-formed or did not validate against our published schema",
              bucket->name);
        return;
    }
    set_document(bucket, kind->query, request->body.data);
    if (is(kind, "lifecycle")) {
        const char *size = header(request, "x-amz-transition-default-minimum-object-size");
        free(bucket->minimum_size);
        bucket->minimum_size = size ? copy_of(size, strlen(size)) : NULL;
        text_say(&answer->headers, "x-amz-transition-default-minimum-object-size: %s\r\n",
                 size ? size : "all_storage_classes_128K");
    }
}

/* GET, PUT or DELETE of a document. */
void answer_document(const struct request *request, struct bucket *bucket, const struct kind *kind,
                     struct answer *answer) {
    if (!strcmp(request->method, "PUT")) {
        put_document(request, bucket, kind, answer);
    } else if (!strcmp(request->method, "DELETE")) {
        answer->status = 204;
        set_document(bucket, kind->query, is(kind, "encryption") ? BORN_ENCRYPTED : "");
    } else {
        get_document(bucket, kind, answer);
    }
}
