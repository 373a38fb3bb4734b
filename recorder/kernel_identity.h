/* Which Linux the guest runs: GNU build-ids and the "Linux version" banner, looked for once in the guest's RAM. */
#ifndef BOOTSCOPE_KERNEL_IDENTITY_H
#define BOOTSCOPE_KERNEL_IDENTITY_H

/* Remembers a host pointer into the kernel's code, around which to look. The first one counts. */
void kernel_identity_near(const void *host);

/* Looks around that place and, when anything is found, adds it to the trace's metadata. Does its work once. */
void kernel_identity_find(void);

#endif
