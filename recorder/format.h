/* The .bst container as C structures. docs/trace-format.md is normative; these are its tables, little-endian hosts only. */
#ifndef BOOTSCOPE_FORMAT_H
#define BOOTSCOPE_FORMAT_H

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The recorder writes its structures as they are in memory: a big-endian host is not supported."
#endif

#define FILE_MAGIC "\x89" "BST\r\n\x1a\n"
#define NONE32 0xFFFFFFFFu
#define NO_VCPU 0xFFFFu

enum { CHUNK_MAGIC = 0x43545342 };
enum { STATE_RECORDING = 1, STATE_FINISHED = 2 };
enum { CHUNK_SEALED = 1 };

enum chunk_kind {
    CHUNK_METADATA = 1,
    CHUNK_BLOCKS = 2,
    CHUNK_EXECUTIONS = 3,
    CHUNK_SWITCHES = 4,
    CHUNK_TOTALS = 7,
};

/* "File header" */
struct file_header {
    uint8_t magic[8];
    uint16_t major, minor;
    uint32_t header_length;
    uint8_t trace_id[16];
    uint64_t created_unix_ns;
    uint32_t state;
    uint32_t zero;
    uint64_t live_executions;
    uint64_t live_file_bytes;
};
_Static_assert(sizeof(struct file_header) == 64, "file header");

/* "Chunk" */
struct chunk_head {
    uint32_t magic;
    uint16_t kind, vcpu;
    uint32_t sequence;
    uint32_t flags;
    uint32_t payload_length;
    uint32_t extent_length;
    uint32_t payload_crc;
    uint32_t head_crc;
};
_Static_assert(sizeof(struct chunk_head) == 32, "chunk head");

/* "Blocks". Numbers stay below MAX_BLOCKS, so that a block's number and two marks fit into 32 bits. */
enum { MAX_BLOCKS = 1 << 30 };

enum block_flag {
    BLOCK_WRITTEN = 1 << 0,
    BLOCK_HAS_LENGTHS = 1 << 1,
    BLOCK_PHANTOM_DROPPED = 1 << 2,
    BLOCK_SLOW = 1 << 3,
    BLOCK_HAS_CRC = 1 << 4,
    BLOCK_HAS_PHYSICAL = 1 << 5,
};

enum terminator {
    TERMINATOR_OTHER = 0,
    TERMINATOR_CALL,
    TERMINATOR_CALL_INDIRECT,
    TERMINATOR_RETURN,
    TERMINATOR_JUMP,
    TERMINATOR_JUMP_INDIRECT,
    TERMINATOR_CONDITIONAL,
    TERMINATOR_SYSCALL,
    TERMINATOR_SYSRET,
    TERMINATOR_IRET,
    TERMINATOR_INTERRUPT,
    TERMINATOR_HALT,
    TERMINATOR_FAR,
};

struct block_record {
    uint64_t pc;
    uint64_t physical;
    uint64_t target;
    uint32_t size;
    uint16_t instructions;
    uint8_t terminator;
    uint8_t terminator_length;
    uint32_t flags;
    uint32_t crc;
};
_Static_assert(sizeof(struct block_record) == 40, "block record");

/* "Executions" */
struct executions_head {
    uint64_t first_execution, first_instruction;
    uint64_t executions, instructions;
    uint64_t start_ticks, end_ticks;
    uint64_t start_ns, end_ns;
    uint32_t last_switch;
    uint32_t blocks_known;
    uint32_t last_block;
    uint32_t zero;
};
_Static_assert(sizeof(struct executions_head) == 80, "executions head");

enum record_code { CODE_SWITCH = 1, CODE_TIME = 2, CODE_END = 3, CODE_BLOCK = 16 };

/* "Switches" */
enum switch_flag { SWITCH_WRITTEN = 1 << 0, SWITCH_HAS_PID = 1 << 1, SWITCH_HAS_COMM = 1 << 2 };

enum { COMM_LENGTH = 16 };

struct switch_record {
    uint64_t previous_task, next_task;
    uint64_t execution;
    int32_t pid, thread_group;
    char comm[COMM_LENGTH];
    uint32_t vcpu;
    uint32_t flags;
    uint64_t ticks;
};
_Static_assert(sizeof(struct switch_record) == 64, "switch record");

#endif
