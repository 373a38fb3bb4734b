/*
 * Compares recorder/api.h with the qemu-plugin.h of a QEMU. With -DQEMU_HEADER=<its path> it compiles only if the functions have
 * the same signatures; with and without it prints the same numbers only if the types are laid out alike.
 */
#include <stdio.h>
#ifdef QEMU_HEADER
#include QEMU_HEADER
#endif
#include "../../recorder/api.h"

/* The number that QEMU's header has. */
#ifndef QEMU_PLUGIN_VERSION
#define QEMU_PLUGIN_VERSION API
#endif

#define OFFSET(field) offsetof(qemu_info_t, field)

int main(void)
{
    printf("interface %d\n", QEMU_PLUGIN_VERSION);
    printf("info %zu %zu %zu %zu %zu %zu\n", OFFSET(target_name), OFFSET(version.min), OFFSET(version.cur),
           OFFSET(system_emulation), OFFSET(system.smp_vcpus), OFFSET(system.max_vcpus));
    printf("enums %zu %d %zu %d\n", sizeof(enum qemu_plugin_cb_flags), QEMU_PLUGIN_CB_NO_REGS,
           sizeof(enum qemu_plugin_mem_rw), QEMU_PLUGIN_MEM_RW);
    return 0;
}
