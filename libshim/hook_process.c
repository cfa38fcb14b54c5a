/*
 * The process's ways out that run no exit handler, and exec. Each leaves a mark in the box and calls the real function.
 */
#include <stdlib.h>
#include <unistd.h>

#include "box.h"
#include "hooks.h"
#include "install.h"
#include "shim.h"
#include "starts.h"

static _Noreturn void
leave(enum hook_id id, int status)
{
	void (*real)(int) = (void (*)(int))hook_real(id);

	if (status)
		install_at_end();
	box_end(BOX_STATE_EXITED, status);
	real(status);
	__builtin_unreachable();
}

SHIM_EXPORT void
_exit(int status)
{
	leave(HOOK_EXIT_NOW, status);
}

SHIM_EXPORT void
_Exit(int status)
{
	leave(HOOK_EXIT_NOW_C, status);
}

SHIM_EXPORT int
execve(const char *path, char *const argv[], char *const envp[])
{
	int (*real)(const char *, char *const *, char *const *) =
		(int (*)(const char *, char *const *, char *const *))hook_real(HOOK_EXECVE);

	starts_note(path, argv, envp);
	box_end(BOX_STATE_EXEC, -1);
	int result = real(path, argv, envp);
	box_end(BOX_STATE_RUNNING, -1); /* still here: it failed */
	return result;
}

SHIM_EXPORT int
execv(const char *path, char *const argv[])
{
	int (*real)(const char *, char *const *) = (int (*)(const char *, char *const *))hook_real(HOOK_EXECV);

	starts_note(path, argv, environ);
	box_end(BOX_STATE_EXEC, -1);
	int result = real(path, argv);
	box_end(BOX_STATE_RUNNING, -1);
	return result;
}

/* AddressSanitizer's shared library ends a program in which another comes before it, as we do. It need not: what it stands in front
 * of we leave alone, or hand on. (A program that has such a function itself is found before us.) */
SHIM_EXPORT const char *
__asan_default_options(void)
{
	return "verify_asan_link_order=0";
}
