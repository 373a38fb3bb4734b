/*
 * A growing file in memory: large windows onto it, beyond its end too. Callers hold a lock, and take disk space before they write
 * to a stretch: writing to a mapped hole on a full disk is a SIGBUS.
 */
#ifndef BOOTSCOPE_FILE_WINDOW_H
#define BOOTSCOPE_FILE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where a stretch of at most 64 MiB is in memory, its pages ready to be written to. NULL: the file system cannot map files, or
 * there are no addresses left. Offsets go back no further than to the last one.
 */
uint8_t *file_window_at(int file, uint64_t offset, size_t length);

/* Takes disk space and pages in the background for a stretch that will soon be asked for. It may fail without a word. */
void file_window_prepare(int file, uint64_t offset, size_t length);

/* Takes pages that are done with out of memory; they stay in the file. Needs no lock. */
void file_window_forget(uint8_t *memory, size_t length);

#endif
