#include "metadata.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "format.h"
#include "json.h"
#include "trace_file.h"

#ifndef VERSION
#define VERSION "0"
#endif

enum { LONGEST_COMMAND_LINE = 256 * 1024, LONGEST_GIVEN = 1024 * 1024 };

static void add(enum chunk_kind kind, struct json *json)
{
    if (json->length > 0) {
        trace_file_add_text(kind, json->text, json->length);
    }
    json_free(json);
}

/* QEMU's own arguments, as Linux shows them: each ends in a NUL. */
static void put_command_line(struct json *json)
{
    char *text = malloc(LONGEST_COMMAND_LINE);
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    if (text != NULL && file >= 0) {
        ssize_t got;
        while (length < LONGEST_COMMAND_LINE && (got = read(file, text + length, LONGEST_COMMAND_LINE - length)) > 0) {
            length += (size_t)got;
        }
    }
    json_raw(json, "[");
    for (size_t at = 0; at < length;) {
        size_t argument = strnlen(text + at, length - at);
        json_raw(json, "%s", at > 0 ? "," : "");
        json_string(json, text + at, argument);
        at += argument + 1;
    }
    json_raw(json, "]");
    if (file >= 0) {
        close(file);
    }
    free(text);
}

void metadata_add_start(const qemu_info_t *info)
{
    struct json json = {0};
    json_raw(&json, "{\"recorder\":{\"name\":\"bootscope\",\"version\":\"%s\",\"pluginApi\":%d},\"target\":", VERSION, API);
    json_string(&json, info->target_name, strlen(info->target_name));
    json_raw(&json, ",\"systemEmulation\":true,\"vcpus\":%d,\"qemu\":{\"commandLine\":", info->system.smp_vcpus);
    put_command_line(&json);
    json_raw(&json, "},\"capture\":{\"mode\":\"complete\",\"reasons\":[]},\"clock\":{\"kind\":\"host\",\"tickShift\":%d}",
             TICK_SHIFT);
    json_raw(&json, ",\"instructionsCounted\":true,\"startUnixNs\":\"%" PRIu64 "\"}", clock_nanoseconds(CLOCK_REALTIME));
    add(CHUNK_METADATA, &json);

    const char *given = getenv("BOOTSCOPE_METADATA");
    size_t length = given == NULL ? 0 : strnlen(given, LONGEST_GIVEN);
    if (length > 0) {
        if (length == LONGEST_GIVEN || given[0] != '{' || given[length - 1] != '}') {
            fprintf(stderr, "bootscope: BOOTSCOPE_METADATA is not a JSON object and was left out\n");
        } else {
            trace_file_add_text(CHUNK_METADATA, given, length);
        }
    }
}

void metadata_add_kernel(const char *const *build_ids, unsigned count, const char *release)
{
    struct json json = {0};
    json_raw(&json, "{\"kernel\":{\"buildIds\":[");
    for (unsigned i = 0; i < count; i++) {
        json_raw(&json, "%s\"%s\"", i > 0 ? "," : "", build_ids[i]);
    }
    json_raw(&json, "]");
    if (release[0] != '\0') {
        json_raw(&json, ",\"release\":");
        json_string(&json, release, strlen(release));
    }
    json_raw(&json, "}}");
    add(CHUNK_METADATA, &json);
}

void metadata_add_stopped(const char *reason)
{
    struct json json = {0};
    json_raw(&json, "{\"capture\":{\"mode\":\"incomplete\",\"reasons\":[");
    json_string(&json, reason, strlen(reason));
    json_raw(&json, "]}}");
    add(CHUNK_METADATA, &json);
}

void metadata_add_totals(uint64_t executions, uint64_t instructions, uint32_t switches, uint32_t blocks,
                         const char *reason)
{
    struct json json = {0};
    json_raw(&json,
             "{\"executions\":%" PRIu64 ",\"instructions\":%" PRIu64 ",\"switches\":%" PRIu32 ",\"blocks\":%" PRIu32
             ",\"reason\":\"%s\"}",
             executions, instructions, switches, blocks, reason);
    add(CHUNK_TOTALS, &json);
}
