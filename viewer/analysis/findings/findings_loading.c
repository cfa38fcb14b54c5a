/* Findings about parameters that hold something else than was meant: random numbers instead of a checkpoint's. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "findings_tool.h"

#define HALF 2
#define TENSORS_LEAST 4 /* copied, before it is said that a checkpoint was loaded */

/* Was a checkpoint loaded into most of the model? (One that came in other tensors' place, as from_pretrained() has it, isn't seen.) */
static bool
is_loaded(const json_t *model)
{
	int64_t copied = finding_number(model, "copied");

	return copied >= TENSORS_LEAST && copied * HALF >= finding_number(model, "tensors");
}

/* Random numbers that are not trained either, amid what was loaded; or one of a list's modules, whose neighbours were loaded. */
void
finding_not_loaded(const struct finding_facts *facts, struct finding_sink *sink)
{
	static const char *const lists[] = { "fresh", "new" };
	const json_t *model, *row;
	size_t i;

	if (!finding_knows(facts, &model) || !is_loaded(model))
		return;
	for (int list = 0; list < 2; list++)
		json_array_foreach(json_object_get(facts->state, lists[list]), i, row) {
			struct finding *finding = list == 0 || (finding_is_numbered(row) && json_is_true(json_object_get(row, "amid"))) ? finding_new(sink) : NULL;

			if (!finding)
				continue;
			finding_add_row(facts, &finding->text, row);
			if (list == 0) {
				text_add(&finding->text, " was never loaded and is not trained: it holds the random numbers that it was made with, unlike the rest of %s",
					 finding_root(facts));
				continue;
			}
			finding->confidence = "possible";
			text_add(&finding->text, " was never loaded, unlike the modules beside it in %s: it began with random numbers", finding_root(facts));
		}
}

/* load_state_dict(), and the initialiser after it. A few layers may be begun anew on purpose. */
void
finding_initialised_again(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *model;
	struct finding *finding;
	int64_t reset, copied;

	if (!finding_knows(facts, &model))
		return;
	reset = finding_number(model, "reset");
	copied = finding_number(model, "copied");
	if (reset < TENSORS_LEAST || reset * HALF < copied)
		return;
	finding = finding_new(sink);
	text_add(&finding->text, "%" PRId64 " of the %" PRId64 " parameters of %s that were loaded got random numbers afterwards: what was loaded is lost", reset,
		 copied, finding_root(facts));
}

/* --- a command that names a checkpoint --------------------------------------------------------- */

/* Is WORD an option that names what to begin with, not what to write? */
static bool
names_checkpoint(const char *word, size_t size)
{
	static const char *const names[] = { "model_name_or_path", "pretrained_model_name_or_path", "resume_from_checkpoint", "resume_from", "resume",
					     "init_from", "load_from", "pretrained_weights", "init_checkpoint", "load_checkpoint", "load_weights" };
	char plain[64];

	if (size < 3 || size >= sizeof plain || strncmp(word, "--", 2) != 0)
		return false;
	for (size_t i = 2; i <= size; i++)
		plain[i - 2] = i == size ? 0 : word[i] == '-' ? '_' : (char)tolower((unsigned char)word[i]);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(plain, names[i]) == 0)
			return true;
	return false;
}

/* Does VALUE look like a file, a directory, a model's name? */
static bool
is_path(const char *value)
{
	return value && *value != '-' && strpbrk(value, "/.") != NULL;
}

/* "--model_name_or_path ./weights" of the command into OUT. */
static bool
named_checkpoint(const struct finding_facts *facts, char *out, size_t size)
{
	const struct note *notes;
	const json_t *argv;

	if (!facts->source->notes(facts->source->context, facts->process, "environment", &notes))
		return false;
	argv = json_object_get(notes[0].json, "argv");
	for (size_t i = 0; i < json_array_size(argv); i++) {
		const char *word = json_string_value(json_array_get(argv, i)), *equals = word ? strchr(word, '=') : NULL;
		const char *value = equals ? equals + 1 : json_string_value(json_array_get(argv, i + 1));

		if (word && names_checkpoint(word, equals ? (size_t)(equals - word) : strlen(word)) && is_path(value)) {
			text_format(out, size, "%.*s %s", equals ? (int)(equals - word) : (int)strlen(word), word, value);
			return true;
		}
	}
	return false;
}

/* The command names a checkpoint, and nothing has come into the model from anywhere. */
void
finding_nothing_loaded(const struct finding_facts *facts, struct finding_sink *sink)
{
	char option[256];
	const json_t *model;
	struct finding *finding;

	if (!finding_knows(facts, &model) || finding_number(model, "copied") > 0 || finding_number(model, "fresh") * HALF < finding_number(model, "tensors") ||
	    finding_number(model, "fresh") < TENSORS_LEAST || !named_checkpoint(facts, option, sizeof option))
		return;
	finding = finding_new(sink);
	text_add(&finding->text, "nothing was loaded into %s: %" PRId64 " of its %" PRId64 " parameters hold the random numbers that they were made with, though the "
		 "command says %s", finding_root(facts), finding_number(model, "fresh"), finding_number(model, "tensors"), option);
}
