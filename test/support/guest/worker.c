/*
 * A program for the guest of tests: says where its code is, and works in functions whose executions can be counted. Built with
 * -static (at its link address) and with -static-pie (where the kernel puts it).
 */
#include <stdio.h>

__attribute__((noinline)) unsigned worker_collatz(unsigned n)
{
    unsigned steps = 0;
    while (n != 1) {
        n = n % 2 == 0 ? n / 2 : 3 * n + 1;
        steps++;
    }
    return steps;
}

__attribute__((noinline)) unsigned worker_longest(unsigned limit)
{
    unsigned best = 0;
    for (unsigned n = 1; n < limit; n++) {
        unsigned steps = worker_collatz(n);
        best = steps > best ? steps : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    printf("WORKER %s %p %u\n", argv[argc - 1], (void *)worker_collatz, worker_longest(2000));
    return 0;
}
