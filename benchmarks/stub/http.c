/* What HTTP says around S3: headers, parameters, credentials, answers. */
#include "stub.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A header of the request; NULL where it has none of this name. */
const char *header(const struct request *request, const char *name) {
    for (int i = 0; i < request->header_count; i++)
        if (!strcasecmp(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

/* A parameter of the query, or of a form in the body; "" where it has no value, NULL where it is not there. */
const char *parameter(const struct request *request, const char *name) {
    for (int i = 0; i < request->query_count; i++)
        if (!strcmp(request->query[i].name, name))
            return request->query[i].value;
    return NULL;
}

/* Take a query or a form apart, in place. */
void parse_query(struct request *request, char *query) {
    while (query && *query && request->query_count < MOST_PARAMETERS) {
        char *next = strchr(query, '&');
        if (next)
            *next++ = 0;
        char *value = strchr(query, '=');
        if (value)
            *value++ = 0;
        else
            value = query + strlen(query);
        for (char *letter = value; *letter; letter++)
            if (*letter == '+')
                *letter = ' ';
        decode_percent(query);
        decode_percent(value);
        request->query[request->query_count++] = (struct field){query, value};
        query = next;
    }
}

/* Who asks, and for which region: AWS4-HMAC-SHA256 Credential=AKIA111122223333XXXX/20260101/us-east-1/s3/aws4_request.
   A key whose letters 5 to 16 are digits belongs to that account. Signatures are not looked at. */
void parse_credential(struct request *request, const char *default_account) {
    const char *said = header(request, "authorization");
    strcpy(request->account, default_account);
    request->region[0] = request->service[0] = 0;
    said = said ? strstr(said, "Credential=") : NULL;
    if (!said)
        return;
    said += strlen("Credential=");
    int digits = 0;
    while (digits < 12 && strlen(said) > 16 && isdigit((unsigned char)said[4 + digits]))
        digits++;
    if (digits == 12)
        memcpy(request->account, said + 4, 12);
    sscanf(said, "%*[^/]/%*[^/]/%39[^/]/%23[^/]", request->region, request->service);
}

static const char *reason(int status) {
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 501: return "Not Implemented";
    case 503: return "Slow Down";
    default: return "Unknown";
    }
}

/* The time as HTTP has it; formatted once a second. */
static const char *date_now(void) {
    static char said[40];
    static time_t when;
    time_t now = time(NULL);
    if (now != when) {
        struct tm parts;
        strftime(said, sizeof said, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
        when = now;
    }
    return said;
}

/* The answer as it goes over the wire. */
void write_answer(struct text *out, struct answer *answer, int chunked, int closes) {
    static uint64_t number = 0x8000;
    int has_body = answer->body.length && !answer->is_head && answer->status != 204 && answer->status != 304;
    number++;
    text_say(out, "HTTP/1.1 %d %s\r\nx-amz-id-2: %016llxStubHostId0000000000000000000000000000000000=\r\n"
                  "x-amz-request-id: STUB%012llX\r\nDate: %s\r\nServer: AmazonS3\r\n",
             answer->status, reason(answer->status), (unsigned long long)number * 2654435761u,
             (unsigned long long)number, date_now());
    if (answer->headers.length)
        text_add(out, answer->headers.data, answer->headers.length);
    if ((answer->body.length || answer->is_head) && !answer->is_object)
        text_say(out, "Content-Type: %s\r\n", answer->content_type ? answer->content_type : "application/xml");
    if (closes)
        text_say(out, "Connection: close\r\n");
    if (has_body && chunked) {
        text_say(out, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", answer->body.length);
        text_add(out, answer->body.data, answer->body.length);
        text_say(out, "\r\n0\r\n\r\n");
    } else if (answer->status == 204 || answer->status == 304) {
        text_say(out, "\r\n");
    } else {
        text_say(out, "Content-Length: %zu\r\n\r\n", answer->body.length);
        if (has_body)
            text_add(out, answer->body.data, answer->body.length);
    }
}
