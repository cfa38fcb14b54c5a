/* See report_environment.h. */
#include "report_environment.h"

#include <string.h>

#include "text.h"

/* Commands that start the processes of a training, by the name under which they show among the ancestors. */
static const char launchers[] = "torchrun accelerate accelerate-launch deepspeed deepspeed.launcher llamafactory-cli lmf swift megatron torch "
				"mpirun mpiexec orterun srun slurmstepd ray raylet horovodrun pytest jupyter-lab jupyter-notebook ipykernel";

/* "llamafactory-cli > torchrun": the launchers among the ancestors, the outermost first. */
static json_t *
launcher_json(const json_t *note)
{
	const json_t *ancestors = json_object_get(note, "ancestors");
	struct text text = { {0}, 0 };
	const char *last = "";

	for (size_t i = json_array_size(ancestors); i-- > 0;) {
		const char *name = text_get(json_array_get(ancestors, i), "name");

		if (!*name || !text_among(launchers, name) || strcmp(name, last) == 0)
			continue;
		text_add(&text, "%s%s", text.used ? " > " : "", strcmp(name, "torch") == 0 ? "torch.distributed" : name);
		last = name;
	}
	return text.used ? text_json(text.data) : json_null();
}

static const json_t *
note_of(const struct source *source, int process)
{
	const struct note *notes;
	int count = source->notes(source->context, process, "environment", &notes);

	return count ? notes[count - 1].json : NULL;
}

json_t *
report_environment(const struct source *source, const struct failure *chosen)
{
	static const char *const keys[] = { "argv", "cwd", "executable", "python", "glibc", "driver", "gpus", "seed", "env" };
	int process = chosen ? chosen->process : 0, parent = -1;
	const json_t *note = source->process_count(source->context) > process ? note_of(source, process) : NULL;
	json_t *json = json_object(), *versions;

	if (!note) {
		json_decref(json);
		return json_null();
	}
	/* A forked child's note leaves out what is its parent's. */
	for (int i = 0; i < source->process_count(source->context); i++)
		if (source->process(source->context, i)->pid == source->process(source->context, process)->parent_pid)
			parent = i;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		json_t *value = json_object_get(note, keys[i]);

		if (!value && parent >= 0)
			value = json_object_get(note_of(source, parent), keys[i]);
		json_object_set_new(json, keys[i], value ? json_deep_copy(value) : json_null());
	}
	versions = json_object();
	json_object_update(versions, json_object_get(note, "versions"));
	if (parent >= 0)
		json_object_update_missing(versions, json_object_get(note_of(source, parent), "versions"));
	if (chosen && chosen->note)
		json_object_update(versions, json_object_get(chosen->note->json, "versions"));
	if (!json_object_get(versions, "torch") && *text_get(note, "torch"))
		text_set(versions, "torch", text_get(note, "torch"));
	json_object_set_new(json, "versions", versions);
	json_object_set_new(json, "launcher", launcher_json(note));
	return json;
}
