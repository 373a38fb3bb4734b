/* CRC-32 with the polynomial of zlib (reflected 0xEDB88320), as docs/trace-format.md asks for chunks and blocks. */
#ifndef BOOTSCOPE_CRC32_H
#define BOOTSCOPE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Fills the tables. Call once, before any other thread exists. */
void crc32_init(void);

uint32_t crc32_of(const void *bytes, size_t length);

#endif
