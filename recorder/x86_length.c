#include "x86_length.h"

#include <stdbool.h>

/* What follows the opcode. Immediates add up: enter has two. */
enum operands {
    MODRM = 1 << 0,
    BYTE = 1 << 1,
    WORD = 1 << 2,
    LONG = 1 << 3,  /* 4 bytes; 2 with operand size prefix */
    WIDE = 1 << 4,  /* as LONG; 8 with REX.W */
    ADDRESS = 1 << 5, /* 8 bytes; 4 with address size prefix */
};

struct prefixes {
    bool operand_size, address_size, rex_w;
};

static unsigned operands_of(uint8_t opcode)
{
    if (opcode < 0x40) {
        static const unsigned arithmetic[8] = {MODRM, MODRM, MODRM, MODRM, BYTE, LONG, 0, 0};
        return arithmetic[opcode & 7];
    }
    switch (opcode) {
    case 0x63:
    case 0x84 ... 0x8F:
    case 0xD0 ... 0xD3:
    case 0xD8 ... 0xDF:
    case 0xF6: /* test has an immediate: `x86_length` knows */
    case 0xF7:
    case 0xFE:
    case 0xFF:
        return MODRM;
    case 0x6B:
    case 0x80:
    case 0x82:
    case 0x83:
    case 0xC0:
    case 0xC1:
    case 0xC6:
        return MODRM | BYTE;
    case 0x69:
    case 0x81:
    case 0xC7:
        return MODRM | LONG;
    case 0x6A:
    case 0x70 ... 0x7F:
    case 0xA8:
    case 0xB0 ... 0xB7:
    case 0xCD:
    case 0xE0 ... 0xE7:
    case 0xEB:
        return BYTE;
    case 0x68:
    case 0xA9:
    case 0xE8:
    case 0xE9:
        return LONG;
    case 0xB8 ... 0xBF:
        return WIDE;
    case 0xA0 ... 0xA3:
        return ADDRESS;
    case 0xC2:
    case 0xCA:
        return WORD;
    case 0xC8: /* enter */
        return WORD | BYTE;
    default:
        return 0;
    }
}

/* Opcodes behind 0F, also those with a VEX or EVEX prefix. */
static unsigned operands_of_0f(uint8_t opcode)
{
    switch (opcode) {
    case 0x04 ... 0x0C:
    case 0x0E:
    case 0x30 ... 0x37:
    case 0x77:
    case 0xA0 ... 0xA2:
    case 0xA8 ... 0xAA:
    case 0xC8 ... 0xCF:
        return 0;
    case 0x80 ... 0x8F:
        return LONG;
    case 0x0F: /* 3DNow! has its opcode last */
    case 0x70 ... 0x73:
    case 0xA4:
    case 0xAC:
    case 0xBA:
    case 0xC2:
    case 0xC4 ... 0xC6:
        return MODRM | BYTE;
    default:
        return MODRM;
    }
}

/* By the opcode map's number in VEX and EVEX: 1 is 0F, 2 is 0F 38, 3 is 0F 3A. */
static unsigned operands_of_map(unsigned map, uint8_t opcode)
{
    if (map == 3) {
        return MODRM | BYTE;
    }
    /* With VEX, what is a jump in this map works on mask registers. */
    return map == 1 && (opcode & 0xF0) != 0x80 ? operands_of_0f(opcode) : MODRM;
}

/* Bytes from ModRM to the displacement's end; 0: not all there. */
static size_t modrm_operand(const uint8_t *bytes, size_t available)
{
    unsigned mod = bytes[0] >> 6, rm = bytes[0] & 7;
    size_t length = 1;
    bool has_base = !(mod == 0 && rm == 5);
    if (mod != 3 && rm == 4) {
        if (available < 2) {
            return 0;
        }
        has_base = !(mod == 0 && (bytes[1] & 7) == 5);
        length++;
    }
    if (mod == 1) {
        length += 1;
    } else if (mod == 2 || !has_base) {
        length += 4;
    }
    return length <= available ? length : 0;
}

static size_t immediates(unsigned operands, struct prefixes prefixes)
{
    size_t full = prefixes.operand_size && !prefixes.rex_w ? 2 : 4;
    size_t wide = prefixes.rex_w ? 8 : full;
    return (operands & BYTE ? 1 : 0) + (operands & WORD ? 2 : 0) + (operands & LONG ? full : 0) +
           (operands & WIDE ? wide : 0) + (operands & ADDRESS ? (prefixes.address_size ? 4 : 8) : 0);
}

/* Legacy prefixes and REX, which counts only right before the opcode. */
static size_t skip_prefixes(const uint8_t *bytes, size_t available, struct prefixes *prefixes)
{
    for (size_t at = 0; at < available; at++) {
        switch (bytes[at]) {
        case 0x66:
            prefixes->operand_size = true;
            break;
        case 0x67:
            prefixes->address_size = true;
            break;
        case 0x26:
        case 0x2E:
        case 0x36:
        case 0x3E:
        case 0x64:
        case 0x65:
        case 0xF0:
        case 0xF2:
        case 0xF3:
            break;
        case 0x40 ... 0x4F:
            prefixes->rex_w = bytes[at] & 8;
            continue;
        default:
            return at;
        }
        prefixes->rex_w = false;
    }
    return available;
}

/* The opcode and what came before it; on return `*at` is behind it. False: not all there. */
static bool read_opcode(const uint8_t *bytes, size_t available, size_t *at, unsigned *operands)
{
    if (*at >= available) {
        return false;
    }
    uint8_t first = bytes[(*at)++];
    bool is_vex = first == 0xC4 || first == 0xC5 || first == 0x62;
    size_t payload = first == 0xC5 ? 1 : first == 0xC4 ? 2 : 3;
    if (is_vex) {
        if (*at + payload >= available) {
            return false;
        }
        unsigned map = first == 0xC5 ? 1 : bytes[*at] & (first == 0xC4 ? 0x1F : 7);
        *at += payload;
        *operands = operands_of_map(map, bytes[(*at)++]);
        return true;
    }
    if (first != 0x0F) {
        *operands = operands_of(first);
        /* test r/m, immediate */
        if ((first == 0xF6 || first == 0xF7) && *at < available && (bytes[*at] & 0x30) == 0) {
            *operands |= first == 0xF6 ? BYTE : LONG;
        }
        return true;
    }
    if (*at >= available) {
        return false;
    }
    uint8_t second = bytes[(*at)++];
    if (second == 0x38 || second == 0x3A) {
        if ((*at)++ >= available) {
            return false;
        }
        *operands = second == 0x3A ? MODRM | BYTE : MODRM;
        return true;
    }
    *operands = operands_of_0f(second);
    return true;
}

size_t x86_length(const uint8_t *bytes, size_t available)
{
    struct prefixes prefixes = {false, false, false};
    unsigned operands = 0;
    size_t at = skip_prefixes(bytes, available, &prefixes);
    if (!read_opcode(bytes, available, &at, &operands)) {
        return 0;
    }
    if (operands & MODRM) {
        size_t length = at < available ? modrm_operand(bytes + at, available - at) : 0;
        if (length == 0) {
            return 0;
        }
        at += length;
    }
    at += immediates(operands, prefixes);
    return at <= available ? at : 0;
}
