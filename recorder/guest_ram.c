#include "guest_ram.h"

#include <inttypes.h>
#include <stdio.h>

/* Below 1 MiB the PC has shadowed ROM, which lies elsewhere on the host. */
#define FIRST_PLAIN_ADDRESS UINT64_C(0x100000)
/* With more RAM than this, part of it is above 4 GiB, from a machine-dependent address on (pc: 3 GiB, q35: 2 GiB). */
#define CERTAIN_LOW_RAM UINT64_C(0x80000000)

static uintptr_t base; /* host address of physical address 0; 0: unknown */
static uint64_t size;  /* bytes for which physical addresses are host offsets */

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
    size = end - candidate < CERTAIN_LOW_RAM ? end - candidate : CERTAIN_LOW_RAM;
}

bool guest_ram_physical(const void *host, uint64_t *physical)
{
    uint64_t offset = (uintptr_t)host - base;
    if (base == 0 || host == NULL || (uintptr_t)host < base || offset >= size) {
        return false;
    }
    *physical = offset;
    return true;
}

const uint8_t *guest_ram_at(uint64_t physical, size_t length)
{
    if (base == 0 || physical >= size || length > size - physical) {
        return NULL;
    }
    return (const uint8_t *)(base + (uintptr_t)physical);
}
