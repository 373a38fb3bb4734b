#include "switches.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "guest_ram.h"
#include "kernel_identity.h"
#include "stream.h"
#include "trace_file.h"
#include "x86.h"

enum { CHUNK_CAPACITY = 64 * 1024 - (int)sizeof(struct chunk_head) };
/* How far into task_struct its comm is looked for. */
enum { LARGEST_TASK = 16 * 1024 };

/* The idle task of the boot CPU is the first one that is ever switched away from. */
static const char idle_comm[] = "swapper";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* numbers switches in one order for all vCPUs */
static struct task_layout layout;
static uint64_t *previous_tasks; /* by vCPU: what the first half of the swap said */
static struct chunk chunk;
static size_t used;
static atomic_uint count;

bool switches_init(const struct task_layout *task_layout, unsigned vcpus)
{
    layout = *task_layout;
    previous_tasks = calloc(vcpus, sizeof *previous_tasks);
    return previous_tasks != NULL;
}

/* Where `comm` is in the idle task, whose memory begins here; -1: not found. */
static int64_t find_comm(const uint8_t *task, size_t length)
{
    for (size_t at = 0; at + COMM_LENGTH <= length; at += 8) {
        if (memcmp(task + at, idle_comm, sizeof idle_comm - 1) == 0) {
            return (int64_t)at;
        }
    }
    return -1;
}

/* Copies a field of the task at this physical address. */
static bool read_field(uint64_t task, int64_t offset, void *to, size_t length)
{
    const uint8_t *from = offset < 0 ? NULL : guest_ram_at(task + (uint64_t)offset, length);
    if (from == NULL) {
        return false;
    }
    memcpy(to, from, length);
    return true;
}

/* What `looks_like_task` needs to know: where a task has its stack pointer and its comm. */
struct task_shape {
    uint64_t stack_pointer, comm;
};

/* Whether a task that is switched to may lie here: a kernel stack pointer, and a short printable name. */
static bool looks_like_task(const uint8_t *task, const void *context)
{
    const struct task_shape *shape = context;
    uint64_t stack_pointer;
    memcpy(&stack_pointer, task + shape->stack_pointer, sizeof stack_pointer);
    const uint8_t *comm = task + shape->comm;
    size_t length = strnlen((const char *)comm, COMM_LENGTH);
    for (size_t i = 0; i < length; i++) {
        if (comm[i] < ' ' || comm[i] > '~') {
            return false;
        }
    }
    return length > 0 && length < COMM_LENGTH && stack_pointer >> 47 == 0x1FFFF && stack_pointer % 8 == 0;
}

static void describe_task(struct switch_record *record, uint64_t task)
{
    if (read_field(task, layout.pid, &record->pid, sizeof record->pid)) {
        record->flags |= SWITCH_HAS_PID;
        if (!read_field(task, layout.thread_group, &record->thread_group, sizeof record->thread_group)) {
            record->thread_group = record->pid;
        }
    }
    if (read_field(task, layout.comm, record->comm, COMM_LENGTH)) {
        record->comm[COMM_LENGTH - 1] = '\0';
        record->flags |= SWITCH_HAS_COMM;
    }
}

static bool append(const struct switch_record *record)
{
    if (chunk.payload == NULL || used + sizeof *record > chunk.capacity) {
        chunk_seal(&chunk, used);
        used = 0;
        if (!chunk_begin(&chunk, CHUNK_SWITCHES, NO_VCPU, CHUNK_CAPACITY)) {
            return false;
        }
    }
    struct switch_record *to = (struct switch_record *)(chunk.payload + used);
    uint32_t flags = record->flags;
    *to = *record;
    __atomic_store_n(&to->flags, flags | SWITCH_WRITTEN, __ATOMIC_RELEASE);
    used += sizeof *record;
    return true;
}

/* Userdata of both callbacks is the displacement of thread.sp in task_struct. */
static uint64_t task_of(uint64_t address, void *displacement)
{
    return address - (uint64_t)(intptr_t)displacement;
}

static bool physical_task(qemu_plugin_meminfo_t info, uint64_t address, void *displacement, uint64_t *task)
{
    const struct qemu_plugin_hwaddr *hardware = qemu_plugin_get_hwaddr(info, address);
    if (hardware == NULL) {
        return false;
    }
    *task = task_of(qemu_plugin_hwaddr_phys_addr(hardware), displacement);
    return true;
}

static void on_save(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *displacement)
{
    uint64_t physical;
    previous_tasks[vcpu] = task_of(address, displacement);
    if (layout.comm < 0 && switches_count() == 0 && physical_task(info, address, displacement, &physical)) {
        const uint8_t *task = guest_ram_at(physical, LARGEST_TASK);
        layout.comm = task == NULL ? -1 : find_comm(task, LARGEST_TASK);
    }
}

static void on_load(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *displacement)
{
    struct switch_record record = {.previous_task = previous_tasks[vcpu],
                                   .next_task = task_of(address, displacement),
                                   .execution = stream_executions(vcpu),
                                   .pid = -1,
                                   .thread_group = -1,
                                   .vcpu = vcpu,
                                   .ticks = clock_ticks()};
    uint64_t physical;
    if (physical_task(info, address, displacement, &physical)) {
        struct task_shape shape = {(uint64_t)(intptr_t)displacement, (uint64_t)layout.comm};
        if (layout.comm >= 0) {
            guest_ram_learn_high(physical, LARGEST_TASK, looks_like_task, &shape);
        }
        describe_task(&record, physical);
    }
    pthread_mutex_lock(&lock);
    uint32_t number = switches_count();
    bool written = append(&record);
    if (written) {
        atomic_store_explicit(&count, number + 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&lock);
    if (written) {
        stream_switch(vcpu, number);
    }
    if (number == 0) {
        kernel_identity_find();
    }
}

void switches_watch(struct qemu_plugin_insn *save, const uint8_t *save_bytes, size_t save_length,
                    struct qemu_plugin_insn *load, const uint8_t *load_bytes, size_t load_length)
{
    int32_t saved, loaded;
    if (!x86_saves_stack_pointer(save_bytes, save_length, &saved) ||
        !x86_loads_stack_pointer(load_bytes, load_length, &loaded) || saved != loaded) {
        return;
    }
    /* QEMU 7.2 never calls back for QEMU_PLUGIN_MEM_R alone, so both ask for reads and writes. */
    void *displacement = (void *)(intptr_t)saved;
    qemu_plugin_register_vcpu_mem_cb(save, on_save, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, displacement);
    qemu_plugin_register_vcpu_mem_cb(load, on_load, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, displacement);
    kernel_identity_near(qemu_plugin_insn_haddr(save));
}

uint32_t switches_count(void)
{
    return atomic_load_explicit(&count, memory_order_relaxed);
}

void switches_finish(void)
{
    pthread_mutex_lock(&lock);
    chunk_seal(&chunk, used);
    used = 0;
    pthread_mutex_unlock(&lock);
}
