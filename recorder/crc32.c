#include "crc32.h"

/*
 * "Slicing by eight" (Kounavis and Berry, 2005): eight table look-ups for eight bytes. Sealing a chunk holds up the vCPU
 * that filled it, so its speed is part of what the guest notices.
 */
enum { SLICES = 8 };

static uint32_t table[SLICES][256];

void crc32_init(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        }
        table[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int slice = 1; slice < SLICES; slice++) {
            uint32_t before = table[slice - 1][byte];
            table[slice][byte] = before >> 8 ^ table[0][before & 0xFF];
        }
    }
}

static uint32_t load32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint32_t crc32_of(const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    uint32_t crc = 0xFFFFFFFFu;
    for (; length >= SLICES; length -= SLICES, next += SLICES) {
        uint32_t low = crc ^ load32(next), high = load32(next + 4);
        crc = table[7][low & 0xFF] ^ table[6][low >> 8 & 0xFF] ^ table[5][low >> 16 & 0xFF] ^ table[4][low >> 24] ^
              table[3][high & 0xFF] ^ table[2][high >> 8 & 0xFF] ^ table[1][high >> 16 & 0xFF] ^ table[0][high >> 24];
    }
    while (length-- > 0) {
        crc = crc >> 8 ^ table[0][(crc ^ *next++) & 0xFF];
    }
    return ~crc;
}
