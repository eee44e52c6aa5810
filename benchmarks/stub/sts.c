/* STS, and what tools ask of IAM on the way: POST / with Action=… */
#include "stub.h"

#include <stdio.h>
#include <string.h>

static void say(struct answer *answer, const char *space, const char *action, const char *result) {
    answer->status = 200;
    answer->content_type = "text/xml";
    text_say(&answer->body,
             "<%sResponse xmlns=\"%s\">\n<%sResult>%s</%sResult>\n<ResponseMetadata>"
             "<RequestId>5b000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>\n</%sResponse>\n",
             action, space, action, result, action, action);
}

#define STS "https://sts.amazonaws.com/doc/2011-06-15/"
#define IAM "https://iam.amazonaws.com/doc/2010-05-08/"

/* A role's account gets a key of its own, ASIA and its number: what is asked with it is asked by that account. */
static void assume_role(const struct request *request, struct answer *answer) {
    const char *role = parameter(request, "RoleArn"), *session = parameter(request, "RoleSessionName");
    char account[13], result[2000], until[40];
    if (!role || sscanf(role, "arn:aws:iam::%12[0-9]:role/", account) != 1 || strlen(account) != 12) {
        answer->status = 400;
        text_say(&answer->body, "<ErrorResponse xmlns=\"" STS "\"><Error><Type>Sender</Type><Code>ValidationError</Code>"
                                "<Message>RoleArn is not one of a role</Message></Error></ErrorResponse>");
        return;
    }
    time_t end = time(NULL) + 3600;
    struct tm parts;
    strftime(until, sizeof until, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &parts));
    const char *name = strrchr(role, '/') + 1;
    snprintf(result, sizeof result,
             "<AssumedRoleUser><AssumedRoleId>AROASTUB:%.64s</AssumedRoleId><Arn>arn:aws:sts::%s:assumed-role/%.64s/%.64s"
             "</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIA%sSTUB</AccessKeyId><SecretAccessKey>stub"
             "</SecretAccessKey><SessionToken>stub</SessionToken><Expiration>%s</Expiration></Credentials>",
             session ? session : "", account, name, session ? session : "", account, until);
    say(answer, STS, "AssumeRole", result);
}

void answer_sts(const struct request *request, struct answer *answer) {
    const char *action = parameter(request, "Action");
    char result[400];
    if (!strcmp(action, "GetCallerIdentity")) {
        snprintf(result, sizeof result, "<Arn>arn:aws:iam::%s:user/bench</Arn><UserId>AIDASTUB</UserId><Account>%s</Account>",
                 request->account, request->account);
        answer->operation = "GetCallerIdentity";
        say(answer, STS, "GetCallerIdentity", result);
    } else if (!strcmp(action, "AssumeRole")) {
        answer->operation = "AssumeRole";
        assume_role(request, answer);
    } else if (!strcmp(action, "ListAccountAliases")) {
        answer->operation = "ListAccountAliases";
        say(answer, IAM, "ListAccountAliases", "<AccountAliases/><IsTruncated>false</IsTruncated>");
    } else {
        answer->operation = "UnknownAction";
        answer->status = 400;
        text_say(&answer->body, "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>The stub has "
                                "no such action</Message></Error></ErrorResponse>");
    }
}
