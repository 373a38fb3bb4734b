/*
 * Bootscope's recorder: a TCG plugin that writes every block that the guest executes to a .bst file.
 *
 *   qemu-system-x86_64 -plugin ./recorder.so,out=boot.bst[,pid=OFFSET][,tgid=OFFSET][,comm=OFFSET][,parent=PID] …
 *
 * The offsets are those of the fields in the guest's task_struct; QEMU ends when the process `parent` does. This file is
 * where QEMU calls in; docs/recorder.md says how the parts work together.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#endif

#include "api.h"
#include "blocks.h"
#include "crc32.h"
#include "guest_ram.h"
#include "metadata.h"
#include "stream.h"
#include "switches.h"
#include "trace_file.h"
#include "x86.h"
#include "x86_length.h"

EXPORTED int qemu_plugin_version = API;

/* QEMU ends a block after 512 instructions; x86 has the longest, 15 bytes. */
enum { MAX_INSTRUCTIONS = 512, LONGEST_INSTRUCTION = 15 };
enum { MAX_VCPUS = 1024, PAGE = 4096 };

/* A block taken apart: its instructions' bytes one behind the other. Guarded by the lock. */
struct translation {
    size_t instructions;
    size_t length;
    bool slow, phantom_dropped;
    uint8_t lengths[MAX_INSTRUCTIONS];
    uint8_t bytes[MAX_INSTRUCTIONS * LONGEST_INSTRUCTION];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* vCPUs translate at the same time */
static bool is_x86;
static struct translation translation;

/*
 * QEMU 7.2 takes back an instruction that crosses into the next page, but leaves its beginning, as far as it was read, in the
 * plugin's list, as the last one. Below 4 GiB code may have 16, 32 or 64 bits, which a plugin is not told: there only the
 * beginnings of branches are recognised.
 */
static bool ends_in_phantom(uint64_t address, const uint8_t *bytes, size_t length)
{
    if (!is_x86 || translation.instructions == 1 || address % PAGE + LONGEST_INSTRUCTION <= PAGE) {
        return false;
    }
    return address > UINT32_MAX ? x86_length(bytes, length) == 0 : x86_is_truncated_branch(bytes, length);
}

/* Reads the block's instructions into `translation` and watches a task switch in them. False: not a sane block. */
static bool take_apart(struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);
    translation.instructions = translation.length = 0;
    translation.slow = translation.phantom_dropped = false;
    if (count == 0 || count > MAX_INSTRUCTIONS) {
        return false;
    }
    struct qemu_plugin_insn *before = NULL;
    uint8_t *bytes_before = NULL;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint8_t *bytes = translation.bytes + translation.length;
        size_t length = instruction_bytes(insn, bytes, LONGEST_INSTRUCTION);
        translation.instructions++;
        if (i + 1 == count && ends_in_phantom(qemu_plugin_insn_vaddr(insn), bytes, length)) {
            translation.instructions--;
            translation.phantom_dropped = true;
            return true;
        }
        translation.lengths[i] = (uint8_t)length;
        translation.length += length;
        if (is_x86) {
            translation.slow = translation.slow || x86_is_slow(bytes, length);
            if (before != NULL) {
                switches_watch(before, bytes_before, translation.lengths[i - 1], insn, bytes, length);
            }
        }
        before = insn;
        bytes_before = bytes;
    }
    return true;
}

/* The block's record from what `take_apart` found. `host` points to its first byte, or is NULL. */
static struct block_record describe(uint64_t pc, const void *host)
{
    uint8_t last = translation.lengths[translation.instructions - 1];
    struct block_record block = {.pc = pc,
                                 .size = (uint32_t)translation.length,
                                 .instructions = (uint16_t)translation.instructions,
                                 .terminator_length = last,
                                 .flags = BLOCK_HAS_CRC,
                                 .crc = crc32_of(translation.bytes, translation.length)};
    if (is_x86) {
        guest_ram_learn(pc, host);
        if (guest_ram_physical(host, &block.physical)) {
            block.flags |= BLOCK_HAS_PHYSICAL;
        }
        size_t before_last = translation.length - last;
        if (!translation.phantom_dropped) {
            block.terminator = (uint8_t)x86_terminator(translation.bytes + before_last, last, pc + before_last, &block.target);
        }
    }
    block.flags |= translation.slow ? BLOCK_SLOW : 0;
    block.flags |= translation.phantom_dropped ? BLOCK_PHANTOM_DROPPED : 0;
    return block;
}

TRANSLATION_CALLBACK(on_translation, tb)
{
    if (trace_file_is_full()) {
        return;
    }
    pthread_mutex_lock(&lock);
    if (take_apart(tb)) {
        const void *host = qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0));
        struct block_record block = describe(qemu_plugin_tb_vaddr(tb), host);
        uint32_t number;
        if (blocks_number(&block, host, translation.lengths, &number)) {
            void *packed = stream_block(number, block.instructions, translation.slow);
            qemu_plugin_register_vcpu_tb_exec_cb(tb, stream_execute(), QEMU_PLUGIN_CB_NO_REGS, packed);
        } else {
            stream_stop();
        }
    }
    pthread_mutex_unlock(&lock);
}

EXIT_CALLBACK(on_exit_of_qemu)
{
    struct stream_totals totals = stream_finish();
    switches_finish();
    pthread_mutex_lock(&lock);
    blocks_finish();
    pthread_mutex_unlock(&lock);
    bool full = trace_file_is_full();
    if (full) {
        metadata_add_stopped("The disk was full: the recording stopped before the guest did.");
    }
    metadata_add_totals(totals.executions, totals.instructions, switches_count(), blocks_count(),
                        full ? "disk full" : "exit");
    trace_file_finish();
}

/* The value of `name=value` when the argument is one with this name, else NULL. */
static const char *value_of(const char *argument, const char *name)
{
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

static bool parse_number(const char *text, int64_t limit, int64_t *number)
{
    char *end;
    *number = strtoll(text, &end, 0);
    return end != text && *end == '\0' && *number >= 0 && *number < limit;
}

static bool parse_offset(const char *text, int64_t *offset)
{
    return parse_number(text, 1 << 20, offset);
}

/* Asks for SIGTERM, QEMU's orderly end, when the process that started it dies, however that happens. */
static bool end_with(int64_t parent)
{
#ifdef __linux__
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() != parent) {
        fprintf(stderr, "bootscope: the process that started QEMU has ended\n");
        return false;
    }
#endif
    return parent > 0;
}

struct arguments {
    const char *path;
    struct task_layout layout;
    int64_t parent; /* 0: none */
};

/* Reads the plugin's arguments. Prints what is wrong with them. */
static bool parse_arguments(int count, char **texts, struct arguments *arguments)
{
    struct task_layout *layout = &arguments->layout;
    for (int i = 0; i < count; i++) {
        const char *value;
        bool understood = true;
        if ((value = value_of(texts[i], "out")) != NULL) {
            arguments->path = value;
        } else if ((value = value_of(texts[i], "pid")) != NULL) {
            understood = parse_offset(value, &layout->pid);
        } else if ((value = value_of(texts[i], "tgid")) != NULL) {
            understood = parse_offset(value, &layout->thread_group);
        } else if ((value = value_of(texts[i], "comm")) != NULL) {
            understood = parse_offset(value, &layout->comm);
        } else if ((value = value_of(texts[i], "parent")) != NULL) {
            understood = parse_number(value, INT32_MAX, &arguments->parent);
        } else {
            understood = false;
        }
        if (!understood) {
            fprintf(stderr, "bootscope: cannot understand the plugin argument %s\n", texts[i]);
            return false;
        }
    }
    if (arguments->path == NULL) {
        fprintf(stderr, "bootscope: the plugin needs an argument out=FILE\n");
        return false;
    }
    return true;
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    struct arguments arguments = {.layout = {-1, -1, -1}};
    if (!parse_arguments(argc, argv, &arguments) || (arguments.parent > 0 && !end_with(arguments.parent))) {
        return -1;
    }
    if (!info->system_emulation) {
        fprintf(stderr, "bootscope: only whole machines are recorded (qemu-system-*), not single programs\n");
        return -1;
    }
    int vcpus = info->system.max_vcpus > info->system.smp_vcpus ? info->system.max_vcpus : info->system.smp_vcpus;
    if (vcpus < 1 || vcpus > MAX_VCPUS) {
        fprintf(stderr, "bootscope: %d vCPUs are not supported (1 to %d)\n", vcpus, MAX_VCPUS);
        return -1;
    }
    is_x86 = strcmp(info->target_name, "x86_64") == 0 || strcmp(info->target_name, "i386") == 0;
    crc32_init();
    if (!stream_init((unsigned)vcpus) || !switches_init(&arguments.layout, (unsigned)vcpus)) {
        fprintf(stderr, "bootscope: out of memory\n");
        return -1;
    }
    if (!trace_file_create(arguments.path)) {
        return -1;
    }
    metadata_add_start(info);
    register_translation(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
