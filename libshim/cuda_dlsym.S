/*
 * dlsym and dlvsym, as exported. What they find for RTLD_NEXT and RTLD_DEFAULT depends on who calls, told by the return
 * address: so they are no functions of C, but jump to the real ones with the caller's stack and registers untouched.
 *
 * Only a name that begins with "cu" or "__cuda" is looked at (cuda_dlsym_choose, cuda_resolve.c), before the jump.
 */
#include "cuda_dlsym.h"

#if defined(__x86_64__)

	.macro interpose name, real, versioned
	.text
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	.cfi_startproc
	endbr64
	mov \real(%rip), %rax
	test %rax, %rax
	jz 1f
	test %rsi, %rsi
	jz 2f
	cmpb $'c', (%rsi)
	je 3f
	cmpb $'_', (%rsi)
	je 3f
2:	jmp *%rax
3:	cmpb $'u', 1(%rsi)
	je 1f
	cmpb $'_', 1(%rsi)
	jne 2b
1:	/* handle, symbol, version; the stack is then aligned */
	push %rdi
	.cfi_adjust_cfa_offset 8
	push %rsi
	.cfi_adjust_cfa_offset 8
	push %rdx
	.cfi_adjust_cfa_offset 8
	mov $\versioned, %ecx
	call cuda_dlsym_choose
	mov %rdx, %rcx
	pop %rdx
	.cfi_adjust_cfa_offset -8
	pop %rsi
	.cfi_adjust_cfa_offset -8
	pop %rdi
	.cfi_adjust_cfa_offset -8
	cmp $CUDA_DLSYM_RETURN, %rax
	je 4f
	cmp $CUDA_DLSYM_ELSEWHERE, %rax
	cmove %rcx, %rdi
	mov \real(%rip), %rax
	jmp *%rax
4:	mov %rcx, %rax
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

#elif defined(__aarch64__)

	.macro interpose name, real, versioned
	.text
	.globl \name
	.type \name, %function
	.p2align 4
\name:
	.cfi_startproc
	stp x29, x30, [sp, -48]!
	.cfi_adjust_cfa_offset 48
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	stp x0, x1, [sp, 16]
	str x2, [sp, 32]
	mov w3, \versioned
	bl cuda_dlsym_choose
	mov x9, x0
	mov x10, x1
	ldr x2, [sp, 32]
	ldp x0, x1, [sp, 16]
	ldp x29, x30, [sp], 48
	.cfi_adjust_cfa_offset -48
	.cfi_restore x29
	.cfi_restore x30
	cmp x9, CUDA_DLSYM_RETURN
	b.eq 4f
	cmp x9, CUDA_DLSYM_ELSEWHERE
	csel x0, x10, x0, eq
	adrp x9, \real
	ldr x9, [x9, :lo12:\real]
	br x9
4:	mov x0, x10
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

#else
#error "dlsym has to be written for this processor: see above"
#endif

	interpose dlsym, dynamic_dlsym, 0
	interpose dlvsym, dynamic_dlvsym, 1

	.section .note.GNU-stack, "", %progbits
