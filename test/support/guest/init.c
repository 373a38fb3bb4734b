/* The first process of a guest: runs the programs that it is built with a list of, one after the other, and powers off. */
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const programs[] = {"/worker-fixed", "/worker-pie", "/worker-pie", "/worker-dynamic"};

__attribute__((noinline)) static void run(const char *program)
{
	pid_t child = fork();
	if (child == 0) {
		execl(program, program, "run", (char *)0);
		_exit(127);
	}
	waitpid(child, (int *)0, 0);
}

int main(void)
{
	for (unsigned index = 0; index < sizeof programs / sizeof *programs; index++)
		run(programs[index]);
	puts("BOOT-DONE");
	sync();
	return reboot(RB_POWER_OFF);
}
