/*
 * Checks the recorder's knowledge of x86 against a disassembler's. Reads lines
 *
 *   ADDRESS BYTES KIND TARGET
 *
 * (hexadecimal but for the terminator kind) and prints those on which it differs: what length the bytes have, that fewer
 * bytes are no whole instruction, how it ends a block, and where a direct branch goes.
 */
#include <inttypes.h>
#include <stdio.h>

#include "x86.h"
#include "x86_length.h"

enum { LONGEST = 15 };

static size_t parse_bytes(const char *text, uint8_t *bytes)
{
    size_t length = 0;
    unsigned byte;
    while (length < LONGEST && sscanf(text + 2 * length, "%2x", &byte) == 1) {
        bytes[length++] = (uint8_t)byte;
    }
    return length;
}

int main(void)
{
    char line[128], digits[2 * LONGEST + 1];
    while (fgets(line, sizeof line, stdin) != NULL) {
        uint64_t address, expected_target, target = 0;
        unsigned expected_kind;
        if (sscanf(line, "%" SCNx64 " %30s %u %" SCNx64, &address, digits, &expected_kind, &expected_target) != 4) {
            printf("not understood: %s", line);
            return 1;
        }
        uint8_t bytes[LONGEST];
        size_t length = parse_bytes(digits, bytes), shorter = length;
        while (shorter > 1 && x86_length(bytes, shorter - 1) == 0) {
            shorter--;
        }
        unsigned kind = x86_terminator(bytes, length, address, &target);
        if (x86_length(bytes, length) != length || shorter > 1 || kind != expected_kind || target != expected_target) {
            printf("kind %u, target %" PRIx64 ", length %zu: %s", kind, target, x86_length(bytes, length), line);
        }
    }
    return 0;
}
