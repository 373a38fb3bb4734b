/*
 * A plugin for QEMU 11.1 (interface 7) that counts what a recording cannot know: how many blocks an exception or an interrupt left
 * early, and how many of their instructions were not executed. Prints one line of JSON when QEMU ends. For one vCPU.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define API 7
#include "../../recorder/api.h"

/* enum qemu_plugin_discon_type: what takes the vCPU elsewhere. */
enum { EXCEPTION = 2, ALL = -1 };
typedef void (*discontinuity_callback)(unsigned vcpu, int type, uint64_t from, uint64_t to, void *userdata);
void qemu_plugin_register_vcpu_discon_cb(qemu_plugin_id_t id, int types, discontinuity_callback callback, void *userdata);

EXPORTED int qemu_plugin_version = API;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

struct block {
    size_t instructions;
    uint64_t addresses[];
};

/* The block that runs; its addresses tell which instruction a discontinuity comes from. */
static const struct block *current;
static uint64_t executions, instructions, left_early, not_executed;

static void on_execution(unsigned vcpu __attribute__((unused)), void *block)
{
    current = block;
    executions++;
    instructions += current->instructions;
}

TRANSLATION_CALLBACK(on_translation, tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);
    struct block *block = malloc(sizeof *block + count * sizeof *block->addresses);
    if (block == NULL) {
        abort();
    }
    block->instructions = count;
    for (size_t i = 0; i < count; i++) {
        block->addresses[i] = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i));
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_execution, QEMU_PLUGIN_CB_NO_REGS, block);
}

/* An exception comes from the instruction that it belongs to, an interrupt from the one that would have been next. */
static void on_discontinuity(unsigned vcpu __attribute__((unused)), int type, uint64_t from,
                             uint64_t to __attribute__((unused)), void *userdata __attribute__((unused)))
{
    size_t at = 0;
    while (current != NULL && at < current->instructions && current->addresses[at] != from) {
        at++;
    }
    size_t executed = type == EXCEPTION ? at + 1 : at;
    if (current != NULL && executed > 0 && executed < current->instructions) {
        left_early++;
        not_executed += current->instructions - executed;
    }
}

EXIT_CALLBACK(on_exit_of_qemu)
{
    fprintf(stderr,
            "{\"executions\": %" PRIu64 ", \"instructions\": %" PRIu64 ", \"leftEarly\": %" PRIu64
            ", \"notExecuted\": %" PRIu64 "}\n",
            executions, instructions, left_early, not_executed);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info __attribute__((unused)),
                        int argc __attribute__((unused)), char **argv __attribute__((unused)))
{
    register_translation(id, on_translation);
    qemu_plugin_register_vcpu_discon_cb(id, ALL, on_discontinuity, NULL);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
