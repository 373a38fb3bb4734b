#define _GNU_SOURCE
#include "kernel_identity.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "guest_ram.h"
#include "metadata.h"

/* How far from its code the notes and read-only data of a kernel may be. */
#define BEFORE (UINT64_C(16) << 20)
#define BEHIND (UINT64_C(48) << 20)
enum { STEP = 1 << 20 };

enum { NOTE_HEAD = 16, SHORTEST_ID = 8, LONGEST_ID = 32, NT_GNU_BUILD_ID = 3, MAX_IDS = 16 };

static const char banner_start[] = "Linux version ";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool has_place, done;
static uint64_t place; /* physical */

struct identity {
    char ids[MAX_IDS][2 * LONGEST_ID + 1];
    unsigned id_count;
    char release[65];
};

void kernel_identity_near(const void *host)
{
    pthread_mutex_lock(&lock);
    if (!has_place) {
        has_place = guest_ram_physical(host, &place);
    }
    pthread_mutex_unlock(&lock);
}

/*
 * An ELF note of the kernel or of something in it (its vDSOs have their own): name size 4, id size, type 3, "GNU\0", id.
 * `name` points at "GNU\0".
 */
static void take_note(struct identity *identity, const uint8_t *name, const uint8_t *end)
{
    uint32_t head[3];
    memcpy(head, name - sizeof head, sizeof head);
    uint32_t length = head[1];
    if (head[0] != 4 || head[2] != NT_GNU_BUILD_ID || length < SHORTEST_ID || length > LONGEST_ID ||
        (size_t)(end - name) < 4 + length || identity->id_count == MAX_IDS) {
        return;
    }
    static const char digits[] = "0123456789abcdef";
    char *id = identity->ids[identity->id_count];
    for (uint32_t i = 0; i < length; i++) {
        id[2 * i] = digits[name[4 + i] >> 4];
        id[2 * i + 1] = digits[name[4 + i] & 15];
    }
    id[2 * length] = '\0';
    for (unsigned i = 0; i < identity->id_count; i++) {
        if (strcmp(identity->ids[i], id) == 0) {
            return;
        }
    }
    identity->id_count++;
}

static void find_notes(struct identity *identity, const uint8_t *from, const uint8_t *end)
{
    static const uint8_t name[] = {'G', 'N', 'U', '\0'};
    const uint8_t *at = from + NOTE_HEAD;
    while (at < end && (at = memmem(at, (size_t)(end - at), name, sizeof name)) != NULL) {
        take_note(identity, at, end);
        at += sizeof name;
    }
}

static void find_banner(struct identity *identity, const uint8_t *from, const uint8_t *end)
{
    const uint8_t *at = from;
    while (identity->release[0] == '\0' &&
           (at = memmem(at, (size_t)(end - at), banner_start, sizeof banner_start - 1)) != NULL) {
        at += sizeof banner_start - 1;
        size_t length = 0;
        while (length < sizeof identity->release - 1 && at + length < end && at[length] > ' ' && at[length] < 0x7F) {
            length++;
        }
        if (length > 0 && at[0] >= '0' && at[0] <= '9' && at + length < end && at[length] == ' ') {
            memcpy(identity->release, at, length);
        }
    }
}

void kernel_identity_find(void)
{
    pthread_mutex_lock(&lock);
    bool skip = done || !has_place;
    done = done || has_place;
    pthread_mutex_unlock(&lock);
    if (skip) {
        return;
    }
    struct identity identity = {.id_count = 0};
    uint64_t from = place > BEFORE ? (place - BEFORE) & ~(uint64_t)(STEP - 1) : 0, length = 0;
    while (length < BEFORE + BEHIND && guest_ram_at(from, length + STEP) != NULL) {
        length += STEP;
    }
    const uint8_t *start = guest_ram_at(from, length);
    if (start == NULL || length == 0) {
        return;
    }
    find_notes(&identity, start, start + length);
    find_banner(&identity, start, start + length);
    const char *ids[MAX_IDS];
    for (unsigned i = 0; i < identity.id_count; i++) {
        ids[i] = identity.ids[i];
    }
    metadata_add_kernel(ids, identity.id_count, identity.release);
}
