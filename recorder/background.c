#include "background.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* More than ever wait, unless the thread is starved: then a vCPU does its own work. */
enum { CAPACITY = 64 };

struct job {
    void (*work)(void *argument);
    void *argument;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job jobs[CAPACITY]; /* a ring */
static unsigned first, count;     /* `count` includes the one being done, which is the first */
static bool started, over;

static void *work_off(void *unused)
{
    pthread_mutex_lock(&lock);
    for (;;) {
        while (count == 0) {
            pthread_cond_wait(&changed, &lock);
        }
        struct job job = jobs[first];
        pthread_mutex_unlock(&lock);
        job.work(job.argument);
        pthread_mutex_lock(&lock);
        first = (first + 1) % CAPACITY;
        count--;
        pthread_cond_broadcast(&changed);
    }
    return unused;
}

/* QEMU's signals are for QEMU's threads. False: no thread to be had. */
static bool start(void)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool works = pthread_create(&thread, NULL, work_off, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (works) {
        pthread_detach(thread);
    }
    return works;
}

/* Whether the job was taken. */
static bool enqueue(struct job job)
{
    pthread_mutex_lock(&lock);
    started = started || (!over && start());
    bool taken = started && !over && count < CAPACITY;
    if (taken) {
        jobs[(first + count) % CAPACITY] = job;
        count++;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

void background_do(void (*work)(void *argument), void *argument)
{
    if (!enqueue((struct job){work, argument})) {
        work(argument);
    }
}

void background_finish(void)
{
    pthread_mutex_lock(&lock);
    while (count > 0) {
        pthread_cond_wait(&changed, &lock);
    }
    over = true;
    pthread_mutex_unlock(&lock);
}
