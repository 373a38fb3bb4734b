/*
 * The guest's RAM as QEMU has it mapped on the host. Plugin interface 1 cannot read guest memory; but it shows the host
 * address of every instruction, and the firmware runs without paging: the first instruction executed from RAM tells where
 * physical address 0 is. Later interfaces could ask QEMU, and get the same answer.
 */
#ifndef BOOTSCOPE_GUEST_RAM_H
#define BOOTSCOPE_GUEST_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Learns from an instruction at this guest address and host pointer, unless already known. Only what /proc/self/maps shows
 * as writable memory from physical address 0 on is believed. x86 guests only: their RAM begins at physical address 0.
 */
void guest_ram_learn(uint64_t pc, const void *host);

/*
 * Learns where RAM above 4 GiB lies, from a physical address there and from what must be found at it: of the layouts that
 * QEMU's machines have, the only one where `plausible` says yes. Does nothing when that is known already.
 */
void guest_ram_learn_high(uint64_t physical, size_t length, bool (*plausible)(const uint8_t *memory, const void *context),
                          const void *context);

/* The physical address of a host pointer. False: not in RAM, or not known. */
bool guest_ram_physical(const void *host, uint64_t *physical);

/*
 * The memory at an address as QEMU reports it for an access (physical; before QEMU 8.1 the offset in RAM), or NULL where
 * it is not known to be RAM from end to end. The guest may write to it meanwhile.
 */
const uint8_t *guest_ram_at(uint64_t physical, size_t length);

#endif
