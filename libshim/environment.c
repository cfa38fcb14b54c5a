/* How the process was started, secrets left out. See environment.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../schema/secret.h"
#include "box.h"
#include "environment.h"
#include "file.h"
#include "note.h"
#include "python_api.h"
#include "python_versions.h"

#define ARGUMENTS_BYTES 16384
#define ANCESTORS_MAX 8
#define GPUS_MAX 16

extern char **environ;

static const char *const listed[] = {
	"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT",
	"CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "SLURM_JOB_ID", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_NODEID",
	"SLURM_RESTART_COUNT", "TORCHELASTIC_RESTART_COUNT", "TORCHELASTIC_RUN_ID", "CUDA_LAUNCH_BLOCKING",
	"SLURM_JOB_NAME", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_STEP_ID", "SLURM_NODELIST", "PBS_JOBID", "LSB_JOBID",
	"JOB_ID", "JOB_NAME", "RAY_JOB_ID", "PYTHONHASHSEED", "CUDA_DEVICE_ORDER", "TOKENIZERS_PARALLELISM", "HF_HUB_OFFLINE",
	"TRANSFORMERS_OFFLINE", "FORCE_TORCHRUN", "MKL_NUM_THREADS", "CUBLAS_WORKSPACE_CONFIG",
};

static const char *const listed_prefixes[] = { "NCCL_", "TORCH_", "PYTORCH_", "ACCELERATE_", "GLOO_", "FSDP_", "DS_" };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

bool
environment_is_listed(const char *name)
{
	size_t size = strcspn(name, "=");

	if (secret_name(name, size))
		return false;
	for (size_t i = 0; i < COUNT(listed); i++)
		if (strlen(listed[i]) == size && !memcmp(listed[i], name, size))
			return true;
	for (size_t i = 0; i < COUNT(listed_prefixes); i++)
		if (!strncmp(name, listed_prefixes[i], strlen(listed_prefixes[i])))
			return true;
	return false;
}

static void
write_masked(struct json_writer *json, const char *value)
{
	char text[4096];

	secret_mask(value, text, sizeof text);
	json_string(json, text);
}

/* One argument; HIDE: it is the value of a secret option. Returns whether the next one is to be hidden. */
static bool
write_argument(struct json_writer *json, const char *argument, bool hide)
{
	char text[4096];
	size_t name = strcspn(argument, "="), size = strlen(argument);
	bool option = argument[0] == '-';

	if (hide && !option) {
		json_string(json, SECRET_MASK);
		return false;
	}
	if (name < size && name < 256 && name + sizeof SECRET_MASK < sizeof text && !memchr(argument, ' ', name)
	    && secret_name(argument, name)) {
		memcpy(text, argument, name + 1);
		memcpy(text + name + 1, SECRET_MASK, sizeof SECRET_MASK);
		json_string(json, text);
		return false;
	}
	write_masked(json, argument);
	return option && name == size && secret_name(argument, size);
}

static void
write_arguments(struct json_writer *json)
{
	char text[ARGUMENTS_BYTES + 1];
	size_t size = file_read("/proc/self/cmdline", text, ARGUMENTS_BYTES);
	bool hide = false;

	text[size] = 0;
	json_key(json, "argv");
	json_array_begin(json);
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		hide = write_argument(json, text + at, hide);
	json_array_end(json);
}

/* The name by which people know the command of process PID: "torchrun" for "python .../bin/torchrun", "accelerate" for
 * "python -m accelerate.commands.launch", else what runs. */
static void
command_name(int pid, char *name, size_t room)
{
	char path[40], text[1024];
	const char *word, *slash;
	size_t size, at = 0;

	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	size = file_read(path, text, sizeof text - 1);
	text[size] = 0;
	word = text;
	slash = strrchr(word, '/');
	if (!strncmp(slash ? slash + 1 : word, "python", 6)) {
		at = strlen(text) + 1;
		while (at < size && text[at] == '-' && strcmp(text + at, "-m") && strcmp(text + at, "-c"))
			at += strlen(text + at) + 1;
		if (at < size && !strcmp(text + at, "-m")) {
			at += 3;
			slash = NULL;
			if (at < size)
				text[at + strcspn(text + at, ".")] = 0;
		}
		if (at < size && strcmp(text + at, "-c"))
			word = text + at;
	}
	slash = strrchr(word, '/');
	snprintf(name, room, "%s", slash ? slash + 1 : word);
}

/* Who started us: launchers stand between a rank and what `run` started, and most record nothing themselves. */
static void
write_ancestors(struct json_writer *json)
{
	int pid = getppid(), root = (int)strtol(getenv("SHAPEBOX_ROOT_PID") ? getenv("SHAPEBOX_ROOT_PID") : "0", NULL, 10);

	json_key(json, "ancestors");
	json_array_begin(json);
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		char path[40], text[512], name[64], *at;
		size_t size;

		command_name(pid, name, sizeof name);
		json_object_begin(json);
		json_key(json, "pid");
		json_int(json, pid);
		json_key(json, "name");
		json_string(json, name);
		json_object_end(json);
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		size = file_read(path, text, sizeof text - 1);
		text[size] = 0;
		at = strrchr(text, ')');
		if (pid == root || !at || sscanf(at + 1, " %*c %d", &pid) != 1)
			break;
	}
	json_array_end(json);
}

static void
write_variables(struct json_writer *json)
{
	char name[256];

	json_key(json, "env");
	json_object_begin(json);
	for (char **variable = environ; variable && *variable; variable++) {
		size_t size = strcspn(*variable, "=");
		if (size >= sizeof name || !(*variable)[size] || !environment_is_listed(*variable))
			continue;
		memcpy(name, *variable, size);
		name[size] = 0;
		json_key(json, name);
		write_masked(json, *variable + size + 1);
	}
	json_object_end(json);
}

/* The line of FILE that begins with START, without it and the blanks that follow; "" if there is none. */
static void
line_of(const char *file, const char *start, char *line, size_t room)
{
	char text[4096], *at;

	text[file_read(file, text, sizeof text - 1)] = 0;
	at = strstr(text, start);
	at = at ? at + strlen(start) : text + strlen(text);
	at += strspn(at, " \t:");
	at[strcspn(at, "\n")] = 0;
	snprintf(line, room, "%s", at);
}

/* What NVIDIA's driver tells without being asked anything: no CUDA call is made. */
static void
write_driver(struct json_writer *json)
{
	static const char gpus[] = "/proc/driver/nvidia/gpus";
	char line[256], path[400];
	DIR *directory = opendir(gpus);
	struct dirent *entry;
	int count = 0;

	line_of("/proc/driver/nvidia/version", "Kernel Module", line, sizeof line);
	json_key(json, "driver");
	json_text(json, line[0] ? line : NULL, strcspn(line + strcspn(line, "0123456789"), " ") + strcspn(line, "0123456789"));
	json_key(json, "gpus");
	json_array_begin(json);
	while (directory && count < GPUS_MAX && (entry = readdir(directory)))
		if (entry->d_name[0] != '.') {
			snprintf(path, sizeof path, "%s/%s/information", gpus, entry->d_name);
			line_of(path, "Model", line, sizeof line);
			json_string(json, line);
			count++;
		}
	json_array_end(json);
	if (directory)
		closedir(directory);
}

static void
write_python(struct json_writer *json)
{
	json_key(json, "versions");
	python_versions_write(json);
	json_key(json, "seed");
	python_seed_write(json);
}

/* PYTHON: the GIL is held, and Python may be looked into. */
static void
write_note(bool python)
{
	struct note note;
	char text[4096];
	ssize_t size;

	if (!note_begin(&note, BOX_NOTE_ENVIRONMENT, ~(uint64_t)0))
		return;
	json_object_begin(&note.json);
	write_arguments(&note.json);
	json_key(&note.json, "cwd");
	json_string(&note.json, getcwd(text, sizeof text));
	size = readlink("/proc/self/exe", text, sizeof text - 1);
	json_key(&note.json, "executable");
	json_text(&note.json, size > 0 ? text : NULL, size > 0 ? (size_t)size : 0);
	json_key(&note.json, "python");
	const char *version = py.Py_GetVersion ? py.Py_GetVersion() : NULL;
	json_text(&note.json, version, version ? strcspn(version, " ") : 0);
	json_key(&note.json, "torch");
	version = shim_box.header->torch_version;
	json_text(&note.json, version[0] ? version : NULL, strnlen(version, sizeof shim_box.header->torch_version));
	json_key(&note.json, "glibc");
	json_string(&note.json, gnu_get_libc_version());
	if (!box_parent_recorded) { /* a forked child has its parent's */
		write_driver(&note.json);
		if (python)
			write_python(&note.json);
	}
	write_ancestors(&note.json);
	write_variables(&note.json);
	json_object_end(&note.json);
	note_publish(&note);
}

void
environment_note(void)
{
	int saved_errno = errno;

	write_note(false);
	errno = saved_errno;
}

void
environment_note_python(void)
{
	write_note(true);
}
