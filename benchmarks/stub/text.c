/* Text that grows, and what is done with text. */
#include "stub.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *memory(size_t size) {
    void *found = calloc(1, size);
    if (!found) {
        fputs("no memory is left\n", stderr);
        exit(1);
    }
    return found;
}

static void make_room(struct text *text, size_t more) {
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < needed)
        capacity *= 2;
    text->data = realloc(text->data, capacity);
    if (!text->data) {
        fputs("no memory is left\n", stderr);
        exit(1);
    }
    text->capacity = capacity;
}

void text_add(struct text *text, const char *bytes, size_t length) {
    make_room(text, length);
    if (length)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = 0;
}

void text_say(struct text *text, const char *format, ...) {
    for (size_t room = 256;; room *= 2) {
        va_list values;
        make_room(text, room);
        va_start(values, format);
        int length = vsnprintf(text->data + text->length, room, format, values);
        va_end(values);
        if (length >= 0 && (size_t)length < room) {
            text->length += (size_t)length;
            return;
        }
    }
}

void text_escaped(struct text *text, const char *plain) {
    for (; *plain; plain++) {
        if (*plain == '&')
            text_add(text, "&amp;", 5);
        else if (*plain == '<')
            text_add(text, "&lt;", 4);
        else if (*plain == '>')
            text_add(text, "&gt;", 4);
        else
            text_add(text, plain, 1);
    }
}

void text_free(struct text *text) {
    free(text->data);
    *text = (struct text){0};
}

char *copy_of(const char *bytes, size_t length) {
    char *copy = memory(length + 1);
    memcpy(copy, bytes, length);
    return copy;
}

static int digit_of(char letter) {
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter = (char)tolower((unsigned char)letter);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Decode %41 in place; the new length. */
size_t decode_percent(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '%' && digit_of(from[1]) >= 0 && digit_of(from[2]) >= 0) {
            *to++ = (char)(digit_of(from[1]) * 16 + digit_of(from[2]));
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return (size_t)(to - text);
}

/* Chunks of HTTP's chunked coding or of aws-chunked, with their extensions and trailers, put together.
   How many bytes they took; 0: more has to come; -1: these are none. */
long decode_chunks(const char *data, size_t length, struct text *into) {
    size_t at = 0;
    for (;;) {
        const char *end = memchr(data + at, '\n', length - at);
        if (!end)
            return length - at > 4096 ? -1 : 0;
        char *after;
        unsigned long size = strtoul(data + at, &after, 16);
        if (after == data + at || size > 64UL << 20)
            return -1;
        at = (size_t)(end - data) + 1;
        if (!size)
            break;
        if (at + size + 2 > length)
            return 0;
        text_add(into, data + at, size);
        at += size + 2;
    }
    for (;;) { /* trailers, up to an empty line; aws-chunked may leave that out */
        const char *end = memchr(data + at, '\n', length - at);
        if (!end)
            return 0;
        size_t line = (size_t)(end - data) - at;
        at += line + 1;
        if (line <= 1)
            return (long)at;
    }
}

static uint32_t turned(uint32_t value, int by) { return value << by | value >> (32 - by); }

/* The MD5 of some bytes (RFC 1321), which is the ETag of an object. */
void md5_hex(const char *bytes, size_t length, char hex[33]) {
    static const int TURNS[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    static uint32_t sines[64];
    uint32_t sum[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t whole = (length + 8) / 64 * 64 + 64;
    unsigned char *padded = memory(whole);
    if (!sines[0])
        for (int i = 0; i < 64; i++)
            sines[i] = (uint32_t)(int64_t)(fabs(sin(i + 1.0)) * 4294967296.0);
    memcpy(padded, bytes, length);
    padded[length] = 0x80;
    for (int i = 0; i < 8; i++)
        padded[whole - 8 + (size_t)i] = (unsigned char)((uint64_t)length * 8 >> 8 * i);
    for (size_t at = 0; at < whole; at += 64) {
        uint32_t word[16], a = sum[0], b = sum[1], c = sum[2], d = sum[3];
        for (int i = 0; i < 16; i++) {
            const unsigned char *from = padded + at + 4 * i;
            word[i] = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
        }
        for (int i = 0; i < 64; i++) {
            uint32_t mixed;
            int which;
            if (i < 16)
                mixed = (b & c) | (~b & d), which = i;
            else if (i < 32)
                mixed = (d & b) | (~d & c), which = (5 * i + 1) % 16;
            else if (i < 48)
                mixed = b ^ c ^ d, which = (3 * i + 5) % 16;
            else
                mixed = c ^ (b | ~d), which = 7 * i % 16;
            mixed += a + sines[i] + word[which];
            a = d, d = c, c = b;
            b += turned(mixed, TURNS[i / 16][i % 4]);
        }
        sum[0] += a, sum[1] += b, sum[2] += c, sum[3] += d;
    }
    free(padded);
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i / 4] >> 8 * (i % 4) & 255);
}
