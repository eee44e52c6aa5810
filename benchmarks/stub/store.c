/* Buckets, their documents and their objects, in memory. */
#include "stub.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 65536

static struct bucket *slots[SLOTS];
static struct bucket **in_order; /* all of them by name; made when somebody asks */
static size_t bucket_count, ordered_count;
static int is_ordered;

static size_t slot_of(const char *name) {
    uint32_t sum = 2166136261u;
    for (; *name; name++)
        sum = (sum ^ (unsigned char)*name) * 16777619u;
    return sum % SLOTS;
}

struct bucket *find_bucket(const char *name) {
    struct bucket *bucket = slots[slot_of(name)];
    while (bucket && strcmp(bucket->name, name))
        bucket = bucket->next_in_slot;
    return bucket;
}

struct bucket *add_bucket(const char *name, const char *region, const char *account) {
    struct bucket *bucket = memory(sizeof *bucket);
    size_t slot = slot_of(name);
    bucket->name = copy_of(name, strlen(name));
    bucket->region = copy_of(region, strlen(region));
    strcpy(bucket->account, account);
    bucket->created = time(NULL);
    bucket->next_in_slot = slots[slot];
    slots[slot] = bucket;
    bucket_count++;
    is_ordered = 0;
    return bucket;
}

static void free_object(struct object *object) {
    free(object->key);
    free(object->headers);
    text_free(&object->body);
    free(object);
}

void remove_bucket(struct bucket *bucket) {
    struct bucket **link = &slots[slot_of(bucket->name)];
    while (*link != bucket)
        link = &(*link)->next_in_slot;
    *link = bucket->next_in_slot;
    for (struct object *object = bucket->objects, *next; object; object = next) {
        next = object->next;
        free_object(object);
    }
    for (int i = 0; i < MOST_KINDS; i++)
        text_free(&bucket->documents[i]);
    free(bucket->minimum_size);
    free(bucket->region);
    free(bucket->name);
    free(bucket);
    bucket_count--;
    is_ordered = 0;
}

void remove_all_buckets(void) {
    for (size_t slot = 0; slot < SLOTS; slot++)
        while (slots[slot])
            remove_bucket(slots[slot]);
}

static int by_name(const void *one, const void *other) {
    return strcmp((*(struct bucket *const *)one)->name, (*(struct bucket *const *)other)->name);
}

/* All buckets by name. */
struct bucket **sorted_buckets(size_t *count) {
    if (!is_ordered) {
        free(in_order);
        in_order = memory((bucket_count + 1) * sizeof *in_order);
        ordered_count = 0;
        for (size_t slot = 0; slot < SLOTS; slot++)
            for (struct bucket *bucket = slots[slot]; bucket; bucket = bucket->next_in_slot)
                in_order[ordered_count++] = bucket;
        qsort(in_order, ordered_count, sizeof *in_order, by_name);
        is_ordered = 1;
    }
    *count = ordered_count;
    return in_order;
}

/* The link to the object of this key, or to where it belongs. */
static struct object **place_of(struct bucket *bucket, const char *key) {
    struct object **link = &bucket->objects;
    while (*link && strcmp((*link)->key, key) < 0)
        link = &(*link)->next;
    return link;
}

struct object *find_object(struct bucket *bucket, const char *key) {
    struct object *object = *place_of(bucket, key);
    return object && !strcmp(object->key, key) ? object : NULL;
}

/* Store an object in place of what was there; the body is taken over. */
struct object *put_object(struct bucket *bucket, const char *key, struct text *body) {
    static uint64_t versions = 0;
    struct object **link = place_of(bucket, key), *object = *link;
    char sum[33];
    if (!object || strcmp(object->key, key)) {
        object = memory(sizeof *object);
        object->key = copy_of(key, strlen(key));
        object->next = *link;
        *link = object;
    }
    text_free(&object->body);
    object->body = *body;
    *body = (struct text){0};
    md5_hex(object->body.data ? object->body.data : "", object->body.length, sum);
    snprintf(object->etag, sizeof object->etag, "\"%s\"", sum);
    snprintf(object->version, sizeof object->version, "stub%028llu", (unsigned long long)++versions);
    object->modified = time(NULL);
    return object;
}

int remove_object(struct bucket *bucket, const char *key) {
    struct object **link = place_of(bucket, key), *object = *link;
    if (!object || strcmp(object->key, key))
        return 0;
    *link = object->next;
    free_object(object);
    return 1;
}
