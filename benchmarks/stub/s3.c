/* S3: which operation a request is, and what is asked of buckets as a whole. */
#include "stub.h"

#include <stdlib.h>
#include <string.h>

/* An error as S3 answers it. */
void error(struct answer *answer, int status, const char *code, const char *message, const char *resource) {
    answer->status = status;
    answer->content_type = NULL;
    answer->is_object = 0;
    answer->body.length = 0;
    if (answer->is_head)
        return;
    text_say(&answer->body, DECLARATION "<Error><Code>%s</Code><Message>%s</Message>", code, message);
    if (!strcmp(code, "NoSuchKey")) {
        text_say(&answer->body, "<Key>");
        text_escaped(&answer->body, resource);
        text_say(&answer->body, "</Key>");
    } else if (*resource) {
        text_say(&answer->body, "<BucketName>");
        text_escaped(&answer->body, resource);
        text_say(&answer->body, "</BucketName>");
    }
    text_say(&answer->body, "<RequestId>STUB</RequestId><HostId>stub</HostId></Error>");
}

static int has_prefix(const char *text, const char *prefix) { return !strncmp(text, prefix, strlen(prefix)); }

/* ListBuckets: those of the caller's account, in pages; regions only for who has asked with a parameter, as AWS does. */
static void list_buckets(const struct request *request, struct answer *answer) {
    const char *most = parameter(request, "max-buckets"), *prefix = parameter(request, "prefix");
    const char *token = parameter(request, "continuation-token"), *region = parameter(request, "bucket-region");
    long room = most && *most ? strtol(most, NULL, 10) : 10000, found = 0;
    int tells_regions = most || prefix || token || region;
    size_t total, at = 0, beyond;
    struct bucket **buckets = sorted_buckets(&total);
    answer->status = 200;
    text_say(&answer->body, DECLARATION "<ListAllMyBucketsResult xmlns=\"" NAMESPACE "\"><Owner><ID>%s%052d</ID></Owner><Buckets>",
             request->account, 0);
    if (token) /* the first one after the name in the token */
        for (beyond = total; at < beyond;) {
            size_t middle = (at + beyond) / 2;
            if (strcmp(buckets[middle]->name, token) <= 0)
                at = middle + 1;
            else
                beyond = middle;
        }
    const char *last = NULL;
    for (; at < total; at++) {
        struct bucket *bucket = buckets[at];
        if (strcmp(bucket->account, request->account) || (prefix && !has_prefix(bucket->name, prefix)) ||
            (region && strcmp(bucket->region, region)))
            continue;
        if (found == room)
            break;
        char created[40];
        struct tm parts;
        strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&bucket->created, &parts));
        text_say(&answer->body, "<Bucket><Name>%s</Name><CreationDate>%s</CreationDate>", bucket->name, created);
        if (tells_regions)
            text_say(&answer->body, "<BucketRegion>%s</BucketRegion><BucketArn>arn:aws:s3:::%s</BucketArn>",
                     bucket->region, bucket->name);
        text_say(&answer->body, "</Bucket>");
        last = bucket->name;
        found++;
    }
    text_say(&answer->body, "</Buckets>");
    if (at < total && last)
        text_say(&answer->body, "<ContinuationToken>%s</ContinuationToken>", last);
    if (prefix)
        text_say(&answer->body, "<Prefix>%s</Prefix>", prefix);
    text_say(&answer->body, "</ListAllMyBucketsResult>");
}

static void create_bucket(const struct request *request, struct bucket *bucket, struct answer *answer) {
    char *place = request->body.length ? inside(request->body.data, "LocationConstraint") : NULL;
    const char *region = place && *place ? place : "us-east-1";
    if (place && !strcmp(place, "us-east-1")) {
        error(answer, 400, "InvalidLocationConstraint", "The specified location-constraint is not valid", request->bucket);
    } else if (!*region || (*request->region && !place && strcmp(request->region, "us-east-1"))) {
        error(answer, 400, "IllegalLocationConstraintException",
              "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
              request->bucket);
    } else if (bucket && strcmp(bucket->account, request->account)) {
        error(answer, 409, "BucketAlreadyExists", "The requested bucket name is not available.", request->bucket);
    } else if (bucket && (strcmp(region, "us-east-1") || strcmp(bucket->region, "us-east-1"))) {
        error(answer, 409, "BucketAlreadyOwnedByYou",
              "Your previous request to create the named bucket succeeded and you already own it.", request->bucket);
    } else {
        if (!bucket)
            be_born(add_bucket(request->bucket, region, request->account), request);
        answer->status = 200;
        text_say(&answer->headers, "Location: /%s\r\nx-amz-bucket-arn: arn:aws:s3:::%s\r\n", request->bucket,
                 request->bucket);
    }
    free(place);
}

static void delete_bucket(struct bucket *bucket, struct answer *answer) {
    answer->status = 204;
    if (bucket->objects)
        error(answer, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty", bucket->name);
    else
        remove_bucket(bucket);
}

static void say_location(const struct bucket *bucket, struct answer *answer) {
    int is_first = !strcmp(bucket->region, "us-east-1");
    answer->status = 200;
    text_say(&answer->body, DECLARATION "<LocationConstraint xmlns=\"" NAMESPACE "\"%s%s%s", is_first ? "/>" : ">",
             is_first ? "" : bucket->region, is_first ? "" : "</LocationConstraint>");
}

static void say_policy_status(struct bucket *bucket, struct answer *answer) {
    answer->status = 200;
    if (!*document(bucket, "policy"))
        error(answer, 404, "NoSuchBucketPolicy", "The bucket policy does not exist", bucket->name);
    else
        text_say(&answer->body, DECLARATION "<PolicyStatus xmlns=\"" NAMESPACE "\"><IsPublic>false</IsPublic></PolicyStatus>");
}

/* The lists of which the stub has none: what they are called, and the element that they answer with. */
static const char *const EMPTY_LISTS[][3] = {
    {"analytics", "ListBucketAnalyticsConfigurations", "ListBucketAnalyticsConfigurationResult"},
    {"inventory", "ListBucketInventoryConfigurations", "ListInventoryConfigurationsResult"},
    {"metrics", "ListBucketMetricsConfigurations", "ListMetricsConfigurationsResult"},
    {"intelligent-tiering", "ListBucketIntelligentTieringConfigurations",
     "ListBucketIntelligentTieringConfigurationsOutput"},
    {"uploads", "ListMultipartUploads", "ListMultipartUploadsResult"},
};

static int list_nothing(const struct request *request, const struct bucket *bucket, struct answer *answer) {
    for (size_t i = 0; i < sizeof EMPTY_LISTS / sizeof *EMPTY_LISTS; i++) {
        if (!parameter(request, EMPTY_LISTS[i][0]))
            continue;
        answer->operation = EMPTY_LISTS[i][1];
        answer->status = 200;
        if (parameter(request, "id"))
            error(answer, 404, "NoSuchConfiguration", "The specified configuration does not exist.", bucket->name);
        else
            text_say(&answer->body, DECLARATION "<%s xmlns=\"" NAMESPACE "\"><IsTruncated>false</IsTruncated></%s>",
                     EMPTY_LISTS[i][2], EMPTY_LISTS[i][2]);
        return 1;
    }
    return 0;
}

/* What the operation is called, as far as the method and the parameters tell. */
static const char *operation_of(const struct request *request, const struct kind *kind) {
    const char *method = request->method;
    if (!*request->bucket)
        return strcmp(method, "GET") ? "Unknown" : "ListBuckets";
    if (*request->key)
        return "Object";
    if (kind)
        return *method == 'G' ? kind->get : *method == 'P' ? kind->put : *method == 'D' ? kind->del : NULL;
    if (parameter(request, "location"))
        return "GetBucketLocation";
    if (parameter(request, "policyStatus"))
        return "GetBucketPolicyStatus";
    if (!strcmp(method, "HEAD"))
        return "HeadBucket";
    if (!strcmp(method, "PUT"))
        return "CreateBucket";
    return !strcmp(method, "DELETE") ? "DeleteBucket" : !strcmp(method, "GET") ? "ListObjects" : NULL;
}

/* Whether this caller may not ask this bucket, or not here; the answer says so. */
static int is_refused(const struct request *request, const struct bucket *bucket, struct answer *answer) {
    const char *owner = header(request, "x-amz-expected-bucket-owner");
    if (!bucket) {
        error(answer, 404, "NoSuchBucket", "The specified bucket does not exist", request->bucket);
        return 1;
    }
    if (*request->region && strcmp(request->region, bucket->region)) {
        error(answer, 301, "PermanentRedirect",
              "The bucket you are attempting to access must be addressed using the specified endpoint.", bucket->name);
        text_say(&answer->headers, "x-amz-bucket-region: %s\r\n", bucket->region);
        return 1;
    }
    if (strcmp(bucket->account, request->account) || (owner && strcmp(owner, bucket->account))) {
        error(answer, 403, "AccessDenied", "Access Denied", "");
        return 1;
    }
    return 0;
}

void answer_s3(const struct request *request, struct answer *answer, int throttled) {
    const struct kind *kind = *request->bucket && !*request->key ? kind_asked(request) : NULL;
    struct bucket *bucket = *request->bucket ? find_bucket(request->bucket) : NULL;
    answer->operation = operation_of(request, kind);
    if (!answer->operation) {
        answer->operation = "Unknown";
        error(answer, 405, "MethodNotAllowed", "The specified method is not allowed against this resource.", "");
    } else if (throttled) {
        error(answer, 503, "SlowDown", "Please reduce your request rate.", "");
    } else if (!strcmp(answer->operation, "ListBuckets")) {
        list_buckets(request, answer);
    } else if (!strcmp(answer->operation, "CreateBucket")) {
        create_bucket(request, bucket, answer);
    } else if (!is_refused(request, bucket, answer)) {
        if (*request->key) {
            if (!answer_object(request, bucket, answer))
                error(answer, 501, "NotImplemented", "The stub has no such operation.", bucket->name);
        } else if (kind) {
            answer_document(request, bucket, kind, answer);
        } else if (!strcmp(answer->operation, "GetBucketLocation")) {
            say_location(bucket, answer);
        } else if (!strcmp(answer->operation, "GetBucketPolicyStatus")) {
            say_policy_status(bucket, answer);
        } else if (answer->is_head) {
            answer->status = 200;
            text_say(&answer->headers, "x-amz-bucket-region: %s\r\nx-amz-access-point-alias: false\r\n", bucket->region);
        } else if (!strcmp(answer->operation, "DeleteBucket")) {
            delete_bucket(bucket, answer);
        } else if (!list_nothing(request, bucket, answer)) {
            list_objects(request, bucket, answer);
        }
    }
}
