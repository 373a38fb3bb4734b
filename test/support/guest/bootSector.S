/* A boot sector that loads the sector behind it, which calls a function a known number of times, and resets the machine. */
	.code16
	.text

	.globl sector_start
	.type sector_start, @function
sector_start:
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movw $0x7c00, %sp
	/* The firmware's service for disks: read a sector of the drive in %dl, the second of the first track. */
	movw $0x0201, %ax
	movw $0x0002, %cx
	movb $0, %dh
	movw $loader_main, %bx
	int $0x13
	jc sector_reset
	call loader_main
	jmp sector_reset
	.size sector_start, . - sector_start

	.globl sector_reset
	.type sector_reset, @function
sector_reset:
	/* The keyboard controller's reset line. */
	movb $0xfe, %al
	outb %al, $0x64
0:	hlt
	jmp 0b
	.size sector_reset, . - sector_reset

	.org 510
	.word 0xaa55

	.globl loader_main
	.type loader_main, @function
loader_main:
	movw $200, %cx
0:	call loader_step
	loop 0b
	ret
	.size loader_main, . - loader_main

	.globl loader_step
	.type loader_step, @function
loader_step:
	imulw $31, %ax, %ax
	addw %cx, %ax
	rolw $3, %ax
	xorw %cx, %ax
	jz 0f
	incw %bp
0:	ret
	.size loader_step, . - loader_step

	.org 1024
