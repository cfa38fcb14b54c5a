#include "run_parts.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../schema/box.h"
#include "../rendering/report_text.h"

#define WHYS_MOST 3
#define TORCH_OLDEST 2 /* major version; of those since, the library itself notes what it can't record */

struct start { const char *name, *why, *instead; };

static const struct start starts[] = {
#define START(name, why, instead) { name, why, instead },
#include "../../schema/starts.def"
#undef START
};

static const struct start *
start_find(const char *name)
{
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (strcmp(starts[i].name, name) == 0)
			return &starts[i];
	return NULL;
}

/* One line of what the library saw, as words; "" for one that says nothing. */
static void
start_words(const char *line, char *words, size_t room)
{
	const struct start *start = start_find(line);

	words[0] = 0;
	if (start)
		snprintf(words, room, "%s %s: %s", start->name, start->why, start->instead);
	else if (strcmp(line, "env -i") == 0)
		snprintf(words, room, "env -i removes LD_PRELOAD: env -i shapebox run -- COMMAND");
	else if (strncmp(line, "setuid ", 7) == 0)
		snprintf(words, room, "%.200s is a setuid program, which loads no library that its caller names", line + 7);
	else if (strncmp(line, "clean ", 6) == 0)
		snprintf(words, room, "%.200s was started with an environment without LD_PRELOAD: eval \"$(shapebox env)\" there", line + 6);
}

static bool
why_add(char *why, size_t room, const char *words)
{
	size_t used = strlen(why);

	if (!words[0] || strstr(why, words))
		return false;
	snprintf(why + used, room - used, "%s%s", used ? "; " : "", words);
	return true;
}

/* What the library saw started. Returns how many reasons that makes. */
static int
why_started(const struct run_child *child, char *why, size_t room)
{
	char path[PATH_MAX + 16], line[1100], words[400];
	FILE *file;
	int count = 0;

	snprintf(path, sizeof path, "%s/" BOX_STARTS_FILE, child->directory);
	file = fopen(path, "re");
	while (file && count < WHYS_MOST && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = 0;
		start_words(line, words, sizeof words);
		count += why_add(why, room, words);
	}
	if (file)
		fclose(file);
	return count;
}

/* Why the loader wouldn't preload into PROGRAM; false if it would. */
static bool
why_program(const char *program, char *why, size_t room)
{
	const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	const struct start *start = start_find(base);
	char words[400] = "", loader[256] = "";
	struct stat status;
	Elf64_Ehdr header;
	int file;

	if (start)
		start_words(base, words, sizeof words);
	file = open(program, O_RDONLY | O_CLOEXEC);
	if (!words[0] && file >= 0 && fstat(file, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)))
		snprintf(words, sizeof words, "%.200s is a setuid program, which loads no library that its caller names", base);
	if (!words[0] && file >= 0 && pread(file, &header, sizeof header, 0) == sizeof header &&
	    memcmp(header.e_ident, ELFMAG, SELFMAG) == 0) {
		if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64)
			snprintf(words, sizeof words, "%.200s is a program for another processor than the library", base);
		for (int i = 0; !words[0] && i < header.e_phnum && i < 64; i++) {
			Elf64_Phdr segment;

			if (pread(file, &segment, sizeof segment, (off_t)(header.e_phoff + (uint64_t)i * sizeof segment)) == sizeof segment &&
			    segment.p_type == PT_INTERP && segment.p_filesz < sizeof loader &&
			    pread(file, loader, segment.p_filesz, (off_t)segment.p_offset) == (ssize_t)segment.p_filesz)
				loader[segment.p_filesz] = 0;
		}
		if (!words[0] && !loader[0])
			snprintf(words, sizeof words, "%.200s is statically linked, nothing can be preloaded into it", base);
		else if (!words[0] && strstr(loader, "musl"))
			snprintf(words, sizeof words, "%.200s is linked with musl, the library needs glibc", base);
	}
	if (file >= 0)
		close(file);
	return why_add(why, room, words);
}

/* The version of torch that PYTHON would import, "" if it has none. False if it can't be asked. */
static bool
torch_version(const char *python, char version[64])
{
	static const char code[] = "import importlib.metadata as m\n"
				   "try: print(m.version('torch'))\n"
				   "except m.PackageNotFoundError: print()";
	int ends[2], status;
	ssize_t size;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		alarm(10); /* an exec keeps it */
		execl(python, python, "-c", code, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	size = pid < 0 ? -1 : read(ends[0], version, 63);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	version[size > 0 ? size : 0] = 0;
	version[strcspn(version, "\n")] = 0;
	return size > 0;
}

void
run_nothing_why(const struct run_child *child, char *why, size_t room)
{
	char program[PATH_MAX], python[PATH_MAX], version[64], words[PATH_MAX + 200];
	bool found = run_find_program(child->argv[0], program) == 0;

	why[0] = 0;
	if (why_started(child, why, room) || (found && why_program(program, why, room)))
		return;
	if (found && run_find_python(program, python) && torch_version(python, version)) {
		if (!version[0])
			snprintf(words, sizeof words, "%.400s has no torch", python);
		else if (atoi(version) < TORCH_OLDEST)
			snprintf(words, sizeof words, "torch %s is older than this works with (" REPORT_TORCH_OLDEST ")", version);
		else
			snprintf(words, sizeof words, "nothing that was started here ran an operation of torch (%s is installed)", version);
		why_add(why, room, words);
		return;
	}
	why_add(why, room, "no process that was started here loaded torch and ran an operation");
}
