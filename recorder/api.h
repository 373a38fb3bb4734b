/*
 * The part of QEMU's TCG plugin interface that the recorder uses, declared here so that it builds without QEMU's headers
 * and without glib. API is the interface number of the QEMU that will load it:
 *
 *   1 QEMU 6.0-8.2 · 2 9.0 · 3 9.1 · 4 9.2, 10.0 · 5 10.1, 10.2 · 6 11.0 · 7 11.1
 *
 * Of what is used here, 3 changed how instruction bytes are read and 7 gave every callback a userdata instead of the
 * plugin's id. QEMU checks `qemu_plugin_version` when it loads the plugin.
 */
#ifndef BOOTSCOPE_API_H
#define BOOTSCOPE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(API) || API < 1 || API > 7
#error "Compile with -DAPI=1 to 7, the plugin interface of the QEMU that will load the recorder."
#endif

#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

/* Behind QEMU's own header, a compiler tells whether the declarations below are the same (test/support/pluginApiCheck.c). */
#ifndef QEMU_QEMU_PLUGIN_H

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

typedef struct {
    const char *target_name;
    struct {
        int min, cur;
    } version;
    bool system_emulation;
    union {
        struct {
            int smp_vcpus, max_vcpus;
        } system;
    };
} qemu_info_t;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };

#endif

typedef void (*vcpu_callback)(unsigned vcpu, void *userdata);
typedef void (*memory_callback)(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *userdata);

void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, vcpu_callback callback,
                                          enum qemu_plugin_cb_flags flags, void *userdata);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_callback callback,
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *userdata);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

/* The two callbacks whose signature depends on API, and how they are registered. */
#if API >= 7
#define TRANSLATION_CALLBACK(name, tb) static void name(struct qemu_plugin_tb *tb, void *userdata __attribute__((unused)))
#define EXIT_CALLBACK(name) static void name(void *userdata __attribute__((unused)))
typedef void (*translation_callback)(struct qemu_plugin_tb *tb, void *userdata);
typedef void (*exit_callback)(void *userdata);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translation_callback callback, void *userdata);
#define register_translation(id, callback) qemu_plugin_register_vcpu_tb_trans_cb(id, callback, NULL)
#else
#define TRANSLATION_CALLBACK(name, tb) \
    static void name(qemu_plugin_id_t id __attribute__((unused)), struct qemu_plugin_tb *tb)
#define EXIT_CALLBACK(name) \
    static void name(qemu_plugin_id_t id __attribute__((unused)), void *userdata __attribute__((unused)))
typedef void (*translation_callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exit_callback)(qemu_plugin_id_t id, void *userdata);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translation_callback callback);
#define register_translation(id, callback) qemu_plugin_register_vcpu_tb_trans_cb(id, callback)
#endif
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_callback callback, void *userdata);

/* Copies up to `capacity` bytes of an instruction and returns how many. */
#if API >= 3
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t capacity);
static inline size_t instruction_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes, size_t capacity)
{
    return qemu_plugin_insn_data(insn, bytes, capacity);
}
#else
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
static inline size_t instruction_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes, size_t capacity)
{
    size_t size = qemu_plugin_insn_size(insn), length = size < capacity ? size : capacity;
    __builtin_memcpy(bytes, qemu_plugin_insn_data(insn), length);
    return length;
}
#endif

#endif
