/*
 * shapebox env: the variables that `run` sets, in the form that a launcher, a container or a scheduler takes them.
 *
 * DeepSpeed's launcher for several hosts hands on variables that begin as MLFLOW, PYTHON, NCCL and a few others do, and the lines
 * of ~/.deepspeed_env (deepspeed/launcher/runner.py); Ray's workers get those of a job's runtime_env; a container gets what its
 * manifest names, and has the library only if it is mounted.
 */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "run_options.h"
#include "run_parts.h"

#define VARIABLES_MOST (CONFIG_COUNT + 1)

struct env_values { struct run_values run; const char *target; bool json; };

const struct option_row command_env_options[] = {
#define CONFIG(id, variable, kind, fallback, option, letter, argument, help) \
	RUN_OPTION_ROW(id, kind, fallback, option, letter, argument, help)
#define CONFIG_VARIABLE(id, variable, kind, fallback, help)
#include "../../schema/config.def"
#undef CONFIG
#undef CONFIG_VARIABLE
	{ "for", 0, OPTION_TEXT, offsetof(struct env_values, target), "WHERE", "sh", "sh, docker, k8s, deepspeed, ray or slurm" },
	OPTION_ROWS_JSON(env_values),
	{ 0 }
};

struct variable { const char *name; char *value; };
struct variables { struct variable row[VARIABLES_MOST]; int count; char library[PATH_MAX]; };

/* Is VALUE one word of a shell as it is? */
static bool
is_plain(const char *value)
{
	return value[0] && strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+,@%-") == strlen(value);
}

/* VALUE as one word of a shell. */
static void
print_quoted(const char *value)
{
	if (is_plain(value)) {
		fputs(value, stdout);
		return;
	}
	putchar('\'');
	for (; *value; value++)
		fputs(*value == '\'' ? "'\\''" : (char[]){ *value, 0 }, stdout);
	putchar('\'');
}

/* VALUE as a JSON string, which YAML takes as well. */
static void
print_json(const char *value)
{
	json_t *text = json_string(value);
	char *dumped = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;

	fputs(dumped ? dumped : "\"\"", stdout);
	free(dumped);
	json_decref(text);
}

static void
print_sh(const struct variables *variables)
{
	for (int i = 0; i < variables->count; i++) {
		printf("export %s=", variables->row[i].name);
		print_quoted(variables->row[i].value);
		putchar('\n');
	}
}

/* What is to be mounted for FILE to be made in it: its directory, or itself where that is the root. */
static void
mount_of(const char *file, char mount[PATH_MAX])
{
	const char *slash = strrchr(file, '/');

	snprintf(mount, PATH_MAX, "%.*s", slash && slash > file ? (int)(slash - file) : (int)strlen(file), file);
}

/* "-v PATH:PATH", of whose parts docker takes no other ':'. */
static void
print_volume(const char *path, const char *end)
{
	if (strchr(path, ':'))
		fprintf(stderr, "shapebox: %s can't be mounted by -v: its path contains ':'\n", path);
	printf("-v ");
	print_quoted(path);
	putchar(':');
	print_quoted(path);
	fputs(end, stdout);
}

static void
print_docker(const struct variables *variables)
{
	char mount[PATH_MAX];
	bool plain = true;

	for (int i = 0; i < variables->count; i++) {
		const char *value = variables->row[i].value;

		printf("-e %s=", variables->row[i].name);
		print_quoted(value);
		printf(" ");
		plain = plain && is_plain(value);
		if (strcmp(variables->row[i].name, config_rows[CONFIG_OUTPUT].variable) == 0) {
			mount_of(value, mount);
			print_volume(mount, " ");
		}
	}
	print_volume(variables->library, ":ro\n");
	if (!plain) /* $(...) splits at every space, whatever quotes say */
		fprintf(stderr, "shapebox: some of these words are quoted: eval \"docker run $(shapebox env --for docker ...) IMAGE COMMAND\"\n");
}

static void
print_k8s(const struct variables *variables)
{
	char mount[PATH_MAX];

	printf("# in the container; %s must be in its image, or mounted\nenv:\n", variables->library);
	for (int i = 0; i < variables->count; i++) {
		printf("- name: %s\n  value: ", variables->row[i].name);
		print_json(variables->row[i].value);
		putchar('\n');
		if (strcmp(variables->row[i].name, config_rows[CONFIG_OUTPUT].variable) == 0) {
			mount_of(variables->row[i].value, mount);
			printf("  # %s on a volume: a container's own file system goes with it\n", mount);
		}
	}
}

static void
print_deepspeed(const struct variables *variables)
{
	fprintf(stderr, "shapebox: append these lines to ~/.deepspeed_env (or to the file that DS_ENV_FILE names)\n");
	for (int i = 0; i < variables->count; i++)
		printf("%s=%s\n", variables->row[i].name, variables->row[i].value);
}

static void
print_ray(const struct variables *variables)
{
	fprintf(stderr, "shapebox: for ray job submit --runtime-env-json '...', or ray.init(runtime_env=...)\n");
	printf("{\"env_vars\": {");
	for (int i = 0; i < variables->count; i++) {
		printf("%s\"%s\": ", i ? ", " : "", variables->row[i].name);
		print_json(variables->row[i].value);
	}
	printf("}}\n");
}

static void
print_slurm(const struct variables *variables)
{
	printf("# in the batch script, before srun (which hands them on: its default is --export=ALL)\n");
	print_sh(variables);
}

static const struct { const char *name; void (*print)(const struct variables *variables); } targets[] = {
	{ "sh", print_sh }, { "docker", print_docker }, { "k8s", print_k8s },
	{ "deepspeed", print_deepspeed }, { "ray", print_ray }, { "slurm", print_slurm },
};

static bool
variables_add(struct variables *variables, const char *name, char *value)
{
	if (value)
		variables->row[variables->count++] = (struct variable){ name, value };
	return value != NULL;
}

/* A directory as it is called from anywhere: other hosts have another current one. */
static char *
full_path(const char *wanted)
{
	char cwd[PATH_MAX], *path = NULL;

	if (wanted[0] == '/')
		return strdup(wanted);
	if (!getcwd(cwd, sizeof cwd) || asprintf(&path, "%s/%s", cwd, wanted[0] ? wanted : "shapebox-trace") < 0)
		return NULL;
	return path;
}

static bool
variables_fill(struct variables *variables, struct error *error)
{
	const char *before = getenv("LD_PRELOAD");
	char *preload = NULL;
	bool ok;

	if (!run_find_library(variables->library, error))
		return false;
	if (before && before[0] && !strstr(before, variables->library)) {
		if (asprintf(&preload, "%s:%s", variables->library, before) < 0)
			preload = NULL;
	} else {
		preload = strdup(before && before[0] ? before : variables->library);
	}
	ok = variables_add(variables, "LD_PRELOAD", preload) &&
	     variables_add(variables, config_rows[CONFIG_OUTPUT].variable, full_path(config_text(CONFIG_OUTPUT)));
	for (int id = 0; ok && id < CONFIG_COUNT; id++) {
		const char *text = getenv(config_rows[id].variable);

		if (id != CONFIG_OUTPUT && config_rows[id].option && text && text[0])
			ok = variables_add(variables, config_rows[id].variable, strdup(text));
	}
	if (!ok)
		command_trouble(error, "out of memory");
	return ok;
}

static int
print_object(const struct variables *variables, const char *target)
{
	json_t *object = json_object();

	for (int i = 0; i < variables->count; i++)
		json_object_set_new(object, variables->row[i].name, json_string(variables->row[i].value));
	object = json_pack("{s:s, s:o}", "for", target, "variables", object);
	if (json_dumpf(object, stdout, JSON_INDENT(1)) == 0)
		putchar('\n');
	json_decref(object);
	return COMMAND_OK;
}

int
command_env(int argc, char **argv, struct error *error)
{
	struct env_values values = { .target = "sh" };
	struct variables variables = { .count = 0 };
	int rest, status, result = COMMAND_TROUBLE;
	size_t target = 0;

	if (!command_parse("env", &values, argc, argv, false, &rest, &status, error))
		return status;
	if (!run_options_apply("env", &values.run, error))
		return COMMAND_TROUBLE;
	if (rest < argc)
		return command_trouble(error, "env: takes no arguments: %s is too many; to run it: shapebox run -- %s", argv[rest], argv[rest]);
	while (target < sizeof targets / sizeof targets[0] && strcmp(targets[target].name, values.target) != 0)
		target++;
	if (target == sizeof targets / sizeof targets[0])
		return command_trouble(error, "env: --for wants sh, docker, k8s, deepspeed, ray or slurm, not '%s'", values.target);
	if (variables_fill(&variables, error)) {
		result = COMMAND_OK;
		if (values.json)
			result = print_object(&variables, targets[target].name);
		else
			targets[target].print(&variables);
	}
	for (int i = 0; i < variables.count; i++)
		free(variables.row[i].value);
	return result;
}
