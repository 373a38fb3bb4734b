/* Work that nobody waits for, on a thread of its own: what a vCPU does not do itself, the guest does not notice. */
#ifndef BOOTSCOPE_BACKGROUND_H
#define BOOTSCOPE_BACKGROUND_H

/* Does `work(argument)` later, one piece after another in this order; at once where there is no thread for it. */
void background_do(void (*work)(void *argument), void *argument);

/* Waits until everything is done. What comes after this is done at once. */
void background_finish(void);

#endif
