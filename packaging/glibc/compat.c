/*
 * What glibc 2.28 lacks and newer headers or archives ask for, written with what it has. Linked into both files, behind
 * the names that stub.sh leaves out; hidden, so that nobody else in the process gets them.
 *
 * Assembler names, because the headers of the machine that builds already say something else under the real ones.
 */
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* stat and its kin are functions of glibc's own since 2.33. Before, each program carried them, around these, which stay.
 * VERSION is the structure's: 1 on x86-64, where struct stat and struct stat64 are one. */
enum { STAT_VERSION = 1 };
int __xstat(int version, const char *path, struct stat *status);
int __lxstat(int version, const char *path, struct stat *status);
int __fxstat(int version, int descriptor, struct stat *status);
int __fxstatat(int version, int directory, const char *path, struct stat *status, int flags);

#define COMPAT_STAT(suffix) \
	HIDDEN int compat_stat##suffix(const char *path, struct stat *status) __asm__("stat" #suffix); \
	HIDDEN int compat_lstat##suffix(const char *path, struct stat *status) __asm__("lstat" #suffix); \
	HIDDEN int compat_fstat##suffix(int descriptor, struct stat *status) __asm__("fstat" #suffix); \
	HIDDEN int compat_fstatat##suffix(int directory, const char *path, struct stat *status, int flags) \
		__asm__("fstatat" #suffix); \
	int compat_stat##suffix(const char *path, struct stat *status) { return __xstat(STAT_VERSION, path, status); } \
	int compat_lstat##suffix(const char *path, struct stat *status) { return __lxstat(STAT_VERSION, path, status); } \
	int compat_fstat##suffix(int descriptor, struct stat *status) { return __fxstat(STAT_VERSION, descriptor, status); } \
	int compat_fstatat##suffix(int directory, const char *path, struct stat *status, int flags) \
	{ \
		return __fxstatat(STAT_VERSION, directory, path, status, flags); \
	}
COMPAT_STAT()
COMPAT_STAT(64)

/* Headers since 2.38 send these there (they differ in reading 0b101, which nothing here writes). */
#define COMPAT_NUMBER(type, name) \
	type real_##name(const char *text, char **end, int base) __asm__(#name); \
	HIDDEN type compat_##name(const char *text, char **end, int base) __asm__("__isoc23_" #name); \
	type compat_##name(const char *text, char **end, int base) { return real_##name(text, end, base); }
COMPAT_NUMBER(long, strtol)
COMPAT_NUMBER(unsigned long, strtoul)
COMPAT_NUMBER(long long, strtoll)
COMPAT_NUMBER(unsigned long long, strtoull)

int real_vsscanf(const char *text, const char *format, va_list arguments) __asm__("__isoc99_vsscanf");
HIDDEN int compat_sscanf(const char *text, const char *format, ...) __asm__("__isoc23_sscanf");
int
compat_sscanf(const char *text, const char *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = real_vsscanf(text, format, arguments);
	va_end(arguments);
	return result;
}

/* Since 2.32. */
HIDDEN const char *compat_sigabbrev_np(int number) __asm__("sigabbrev_np");
const char *
compat_sigabbrev_np(int number)
{
#define NAME(name) [SIG##name] = #name
	static const char *const names[] = {
		NAME(HUP), NAME(INT), NAME(QUIT), NAME(ILL), NAME(TRAP), NAME(ABRT), NAME(BUS), NAME(FPE), NAME(KILL), NAME(USR1),
		NAME(SEGV), NAME(USR2), NAME(PIPE), NAME(ALRM), NAME(TERM), NAME(STKFLT), NAME(CHLD), NAME(CONT), NAME(STOP),
		NAME(TSTP), NAME(TTIN), NAME(TTOU), NAME(URG), NAME(XCPU), NAME(XFSZ), NAME(VTALRM), NAME(PROF), NAME(WINCH),
		NAME(POLL), NAME(PWR), NAME(SYS),
	};
#undef NAME

	return number > 0 && (size_t)number < sizeof names / sizeof names[0] ? names[number] : NULL;
}
