#include "guest_ram.h"

#include <inttypes.h>
#include <stdio.h>

/* Below 1 MiB the PC has shadowed ROM, which lies elsewhere on the host. */
#define FIRST_PLAIN_ADDRESS UINT64_C(0x100000)
/* RAM up to here is where it is on every machine. */
#define CERTAIN_LOW_RAM UINT64_C(0x80000000)
#define HIGH_RAM UINT64_C(0x100000000)

/*
 * How much of RAM lies below 4 GiB, the rest being from 4 GiB on (QEMU's hw/i386/pc_piix.c, pc_q35.c, microvm.c). The first
 * stands for a QEMU that reports offsets in RAM instead of physical addresses.
 */
static const uint64_t low_ram_sizes[] = {HIGH_RAM, 0xC0000000, 0x80000000, 0xB0000000, 0xE0000000};
enum { LOW_RAM_SIZES = sizeof low_ram_sizes / sizeof *low_ram_sizes };

static uintptr_t base;    /* host address of physical address 0; 0: unknown */
static uint64_t size;     /* bytes of RAM, or more where the mapping holds more */
static uint64_t low_size; /* one of `low_ram_sizes`; 0: unknown */

/* The last mapping that was looked up and was not RAM: firmware flash is executed from by the thousand. */
static uintptr_t refused_start, refused_end;

/* The mapping that contains the pointer. False: none. */
static bool find_mapping(uintptr_t pointer, uintptr_t *start, uintptr_t *end, bool *writable)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) {
        return false;
    }
    bool found = false;
    char line[512];
    while (!found && fgets(line, sizeof line, maps) != NULL) {
        char permissions[5];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", start, end, permissions) == 3) {
            found = *start <= pointer && pointer < *end;
            *writable = permissions[0] == 'r' && permissions[1] == 'w';
        }
    }
    fclose(maps);
    return found;
}

void guest_ram_learn(uint64_t pc, const void *host)
{
    uintptr_t pointer = (uintptr_t)host;
    if (base != 0 || host == NULL || pc < FIRST_PLAIN_ADDRESS || pc >= pointer ||
        (refused_start <= pointer && pointer < refused_end)) {
        return;
    }
    uintptr_t start, end;
    bool writable;
    uintptr_t candidate = pointer - (uintptr_t)pc;
    if (!find_mapping(pointer, &start, &end, &writable)) {
        return;
    }
    if (!writable || candidate < start || candidate % 4096 != 0) {
        refused_start = start;
        refused_end = end;
        return;
    }
    base = candidate;
    size = end - candidate;
}

/* Where RAM has this address if so much of it is below 4 GiB; NULL: nowhere. */
static const uint8_t *place(uint64_t physical, size_t length, uint64_t low)
{
    uint64_t offset = physical < HIGH_RAM ? physical : physical - HIGH_RAM + low;
    return base == 0 || offset >= size || length > size - offset ? NULL : (const uint8_t *)base + offset;
}

void guest_ram_learn_high(uint64_t physical, size_t length, bool (*plausible)(const uint8_t *memory, const void *context),
                          const void *context)
{
    if (low_size != 0 || physical < HIGH_RAM) {
        return;
    }
    uint64_t found = 0;
    unsigned matches = 0;
    for (unsigned i = 0; i < LOW_RAM_SIZES; i++) {
        const uint8_t *memory = place(physical, length, low_ram_sizes[i]);
        if (memory != NULL && plausible(memory, context)) {
            found = low_ram_sizes[i];
            matches++;
        }
    }
    if (matches == 1) {
        low_size = found;
    }
}

bool guest_ram_physical(const void *host, uint64_t *physical)
{
    uint64_t offset = (uintptr_t)host - base;
    if (base == 0 || host == NULL || (uintptr_t)host < base || offset >= size) {
        return false;
    }
    if (offset < CERTAIN_LOW_RAM || (low_size != HIGH_RAM && offset < low_size)) {
        *physical = offset;
        return true;
    }
    *physical = offset - low_size + HIGH_RAM;
    return low_size != 0 && low_size != HIGH_RAM;
}

const uint8_t *guest_ram_at(uint64_t physical, size_t length)
{
    return physical >= HIGH_RAM && low_size == 0 ? NULL : place(physical, length, low_size);
}
