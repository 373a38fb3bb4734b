#include "x86.h"

#include <string.h>

/* Legacy prefixes, then REX. In 32-bit code 40-4f are inc and dec: instructions of their own, with nothing behind. */
static size_t prefixes(const uint8_t *bytes, size_t length)
{
    static const uint8_t legacy[] = {0x66, 0x67, 0xF2, 0xF3, 0xF0, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65};
    size_t at = 0;
    while (at < length && memchr(legacy, bytes[at], sizeof legacy) != NULL) {
        at++;
    }
    if (at < length && (bytes[at] & 0xF0) == 0x40) {
        at++;
    }
    return at;
}

static unsigned modrm_reg(uint8_t modrm)
{
    return modrm >> 3 & 7;
}

/* The target of a branch whose displacement is the rest of the instruction, in 1, 2 or 4 bytes. */
static void relative_target(const uint8_t *bytes, size_t at, size_t length, uint64_t address, uint64_t *target)
{
    uint64_t next = address + length;
    int32_t wide;
    int16_t narrow;
    switch (length - at) {
    case 1:
        *target = next + (uint64_t)(int64_t)(int8_t)bytes[at];
        break;
    case 2:
        memcpy(&narrow, bytes + at, sizeof narrow);
        *target = next + (uint64_t)(int64_t)narrow;
        break;
    case 4:
        memcpy(&wide, bytes + at, sizeof wide);
        *target = next + (uint64_t)(int64_t)wide;
        break;
    default:
        break;
    }
}

static enum terminator terminator_0f(const uint8_t *bytes, size_t at, size_t length, uint64_t address, uint64_t *target)
{
    switch (bytes[at + 1]) {
    case 0x05: /* syscall */
    case 0x34: /* sysenter */
        return TERMINATOR_SYSCALL;
    case 0x07: /* sysret */
    case 0x35: /* sysexit */
        return TERMINATOR_SYSRET;
    case 0xAA: /* rsm */
        return TERMINATOR_IRET;
    default:
        if ((bytes[at + 1] & 0xF0) == 0x80) {
            relative_target(bytes, at + 2, length, address, target);
            return TERMINATOR_CONDITIONAL;
        }
        return TERMINATOR_OTHER;
    }
}

enum terminator x86_terminator(const uint8_t *bytes, size_t length, uint64_t address, uint64_t *target)
{
    size_t at = prefixes(bytes, length);
    if (at >= length) {
        return TERMINATOR_OTHER;
    }
    uint8_t opcode = bytes[at];
    bool more = at + 1 < length;
    switch (opcode) {
    case 0xE8:
        relative_target(bytes, at + 1, length, address, target);
        return TERMINATOR_CALL;
    case 0xE9:
    case 0xEB:
        relative_target(bytes, at + 1, length, address, target);
        return TERMINATOR_JUMP;
    case 0xC2:
    case 0xC3:
        return TERMINATOR_RETURN;
    case 0xCA: /* lret */
    case 0xCB:
    case 0xEA: /* ljmp */
    case 0x9A: /* lcall */
        return TERMINATOR_FAR;
    case 0xCF:
        return TERMINATOR_IRET;
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xF1:
        return TERMINATOR_INTERRUPT;
    case 0xF4:
        return TERMINATOR_HALT;
    case 0xFF:
        switch (more ? modrm_reg(bytes[at + 1]) : 0) {
        case 2:
            return TERMINATOR_CALL_INDIRECT;
        case 4:
            return TERMINATOR_JUMP_INDIRECT;
        case 3:
        case 5:
            return TERMINATOR_FAR;
        default:
            return TERMINATOR_OTHER;
        }
    case 0x0F:
        return more ? terminator_0f(bytes, at, length, address, target) : TERMINATOR_OTHER;
    default:
        if ((opcode & 0xF0) == 0x70 || (opcode >= 0xE0 && opcode <= 0xE3)) { /* jcc, loop, jrcxz */
            relative_target(bytes, at + 1, length, address, target);
            return TERMINATOR_CONDITIONAL;
        }
        return TERMINATOR_OTHER;
    }
}

static bool is_slow_0f(const uint8_t *bytes, size_t at, size_t length)
{
    switch (bytes[at + 1]) {
    case 0x06: /* clts */
    case 0x08: /* invd */
    case 0x09: /* wbinvd */
    case 0x20: /* mov from and to control and debug registers */
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x30: /* wrmsr */
    case 0x32: /* rdmsr */
    case 0xA2: /* cpuid */
    case 0xAA: /* rsm */
        return true;
    case 0x01: { /* descriptor tables, lmsw, invlpg; with a register operand monitor, xsetbv, swapgs, rdtscp, … */
        if (at + 2 >= length) {
            return false;
        }
        uint8_t modrm = bytes[at + 2];
        if (modrm >> 6 == 3) {
            return modrm == 0xC8 || modrm == 0xC9 || modrm == 0xD1;
        }
        return modrm_reg(modrm) == 2 || modrm_reg(modrm) == 3 || modrm_reg(modrm) >= 6;
    }
    case 0x38: /* invpcid */
        return at + 2 < length && bytes[at + 2] == 0x82;
    default:
        return false;
    }
}

bool x86_is_slow(const uint8_t *bytes, size_t length)
{
    size_t at = prefixes(bytes, length);
    if (at >= length) {
        return false;
    }
    switch (bytes[at]) {
    case 0x6C: /* ins, outs */
    case 0x6D:
    case 0x6E:
    case 0x6F:
    case 0xE4: /* in, out */
    case 0xE5:
    case 0xE6:
    case 0xE7:
    case 0xEC:
    case 0xED:
    case 0xEE:
    case 0xEF:
    case 0xCF: /* iret */
    case 0xF4: /* hlt */
        return true;
    case 0x0F:
        return at + 1 < length && is_slow_0f(bytes, at, length);
    default:
        return false;
    }
}

/* Bytes of a ModRM operand from its first byte on, or `have + 1` when they are not all there. */
static size_t modrm_length(const uint8_t *bytes, size_t have)
{
    if (have == 0) {
        return 1;
    }
    unsigned mod = bytes[0] >> 6, rm = bytes[0] & 7;
    size_t length = 1;
    if (mod != 3 && rm == 4) {
        length++;
        if (have < 2) {
            return have + 1;
        }
        if (mod == 0 && (bytes[1] & 7) == 5) {
            length += 4;
        }
    }
    if (mod == 1) {
        length += 1;
    } else if (mod == 2 || (mod == 0 && rm == 5)) {
        length += 4;
    }
    return length;
}

bool x86_is_truncated_branch(const uint8_t *bytes, size_t length)
{
    size_t at = prefixes(bytes, length);
    if (at >= length) {
        return at > 0 && (bytes[at - 1] & 0xF0) != 0x40;
    }
    size_t have = length - at;
    bool narrow = memchr(bytes, 0x66, at) != NULL; /* a 16-bit displacement outside of 64-bit code */
    size_t wide = narrow ? 2 : 4;
    uint8_t opcode = bytes[at];
    if (opcode == 0xE8 || opcode == 0xE9) {
        return have < 1 + wide;
    }
    if (opcode == 0xEB || (opcode & 0xF0) == 0x70 || (opcode >= 0xE0 && opcode <= 0xE3) || opcode == 0xCD) {
        return have < 2;
    }
    if (opcode == 0xC2) {
        return have < 3;
    }
    if (opcode == 0x0F) {
        return have < 2 || ((bytes[at + 1] & 0xF0) == 0x80 && have < 2 + wide);
    }
    return opcode == 0xFF && have - 1 < modrm_length(bytes + at + 1, have - 1);
}

static bool moves_stack_pointer(const uint8_t *bytes, size_t length, uint8_t opcode, uint8_t modrm, int32_t *displacement)
{
    if (length != 7 || bytes[0] != 0x48 || bytes[1] != opcode || bytes[2] != modrm) {
        return false;
    }
    memcpy(displacement, bytes + 3, sizeof *displacement);
    return true;
}

bool x86_saves_stack_pointer(const uint8_t *bytes, size_t length, int32_t *displacement)
{
    return moves_stack_pointer(bytes, length, 0x89, 0xA7, displacement);
}

bool x86_loads_stack_pointer(const uint8_t *bytes, size_t length, int32_t *displacement)
{
    return moves_stack_pointer(bytes, length, 0x8B, 0xA6, displacement);
}
