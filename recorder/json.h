/* Writes JSON text into a buffer that grows. The caller places commas, braces and brackets through `json_raw`. */
#ifndef BOOTSCOPE_JSON_H
#define BOOTSCOPE_JSON_H

#include <stddef.h>

struct json {
    char *text;
    size_t length, capacity;
};

/* Formats like printf, unescaped. Out of memory leaves the text as it was. */
void json_raw(struct json *json, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *bytes, size_t length);

void json_free(struct json *json);

#endif
