#include "json.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct json *json, size_t more)
{
    if (json->capacity - json->length > more) {
        return true;
    }
    size_t capacity = 2 * json->capacity + more + 256;
    char *larger = realloc(json->text, capacity);
    if (larger == NULL) {
        return false;
    }
    json->text = larger;
    json->capacity = capacity;
    return true;
}

void json_raw(struct json *json, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !make_room(json, (size_t)length)) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(json->text + json->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    json->length += (size_t)length;
}

/* Bytes of the UTF-8 character that begins here, 0 if there is none (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_length(const uint8_t *bytes, size_t length)
{
    uint8_t first = bytes[0];
    size_t need = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3
                                                                   : first >= 0xF0 && first < 0xF5   ? 4
                                                                                                     : 0;
    if (need == 0 || need > length) {
        return 0;
    }
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((first == 0xE0 && bytes[1] < 0xA0) || (first == 0xED && bytes[1] >= 0xA0) || (first == 0xF0 && bytes[1] < 0x90) ||
        (first == 0xF4 && bytes[1] >= 0x90)) {
        return 0;
    }
    return need;
}

void json_string(struct json *json, const char *text, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)text;
    json_raw(json, "\"");
    for (size_t at = 0; at < length;) {
        size_t character = utf8_length(bytes + at, length - at);
        if (character == 0) {
            json_raw(json, "\\ufffd");
            at++;
        } else {
            if (bytes[at] < 0x20 || bytes[at] == '"' || bytes[at] == '\\') {
                json_raw(json, "\\u%04x", bytes[at]);
            } else {
                json_raw(json, "%.*s", (int)character, text + at);
            }
            at += character;
        }
    }
    json_raw(json, "\"");
}

void json_free(struct json *json)
{
    free(json->text);
    memset(json, 0, sizeof *json);
}
