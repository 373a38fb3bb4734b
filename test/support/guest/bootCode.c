/* Code that QEMU loads as a multiboot kernel: calls its functions known numbers of times and resets the machine. */
__attribute__((section(".multiboot"), used)) static const unsigned header[] = {0x1badb002, 0, 0u - 0x1badb002};

__attribute__((noinline)) unsigned boot_mix(unsigned value)
{
	__asm__ volatile("" : "+r"(value));
	return value * 2654435761u ^ value >> 7;
}

__attribute__((noinline)) unsigned boot_sum(const volatile unsigned *words, unsigned count)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < count; i++)
		sum += boot_mix(words[i]);
	return sum;
}

__attribute__((noinline)) static void boot_reset(void)
{
	/* The keyboard controller's reset line. */
	__asm__ volatile("outb %0, %1" : : "a"((unsigned char)0xfe), "Nd"((unsigned short)0x64));
	for (;;)
		__asm__ volatile("hlt");
}

void boot_main(void)
{
	volatile unsigned result = 0;
	for (unsigned round = 0; round < 300; round++)
		result += boot_sum((const volatile unsigned *)0x100000, 16 + round % 3);
	boot_reset();
}

__attribute__((naked, noreturn)) void boot_start(void)
{
	__asm__("mov $0x200000, %esp\n\tcall boot_main");
}
