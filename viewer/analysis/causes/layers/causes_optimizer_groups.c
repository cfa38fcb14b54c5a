/* A rule about an optimizer that is given the state of another set of parameters: how many each group has, and which the model has that only one of the two knows. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../code/freezes.h"

#define NAMES_MOST 4
#define FEW_MOST 16
#define WRAPPED ".original_module." /* what an adapter's wrapper keeps of the module that it copied */
#define COPIED ".modules_to_save."

/* The number within reach whose name has ONE and OTHER; NULL. */
static const json_t *
number_with(const struct cause_facts *facts, const char *one, const char *other)
{
	struct text_walk at = { 0 };
	const json_t *number;

	while ((number = cause_next_number(facts, &at)))
		if (strstr(text_get(number, "name"), one) && strstr(text_get(number, "name"), other))
			return number;
	return NULL;
}

static bool
is_epoch(const json_t *local, void *context)
{
	(void)context;
	return strcmp(text_get(local, "kind"), "int") == 0 && strstr(text_get(local, "name"), "epoch") && !strchr(text_get(local, "name"), '[');
}

/* Of how many parameters each group has, by the failure's note, the first that differs, in SAVED and HERE; its number, -1 if none does. */
static int
differing_group(const json_t *note, int64_t *saved, int64_t *here)
{
	const json_t *then = json_object_get(note, "saved"), *now = json_object_get(note, "groups");

	for (size_t i = 0; json_array_size(then) == json_array_size(now) && i < json_array_size(now); i++) {
		*saved = json_integer_value(json_array_get(then, i));
		*here = json_integer_value(json_array_get(now, i));
		if (*saved != *here)
			return (int)i;
	}
	return -1;
}

/* Is NAME what a wrapper keeps beside a copy that is among ROWS, too? */
static bool
has_copy(const json_t *rows, const char *name)
{
	const char *at = strstr(name, WRAPPED);
	size_t size = at ? (size_t)(at - name) : 0;

	for (size_t i = 0; at && i < json_array_size(rows); i++) {
		const char *other = text_get(json_array_get(rows, i), "name");

		if (strncmp(other, name, size) == 0 && strncmp(other + size, COPIED, strlen(COPIED)) == 0)
			return true;
	}
	return false;
}

/* The parameters that may make the difference: those that the optimizer LACKS, or has too many. */
struct few { const json_t *rows[FEW_MOST]; int count; int64_t wanted; };

static bool
is_new_shape(const struct few *few, const json_t *row)
{
	for (int i = 0; i < few->count; i++)
		if (json_equal(json_object_get(few->rows[i], "shape"), json_object_get(row, "shape")))
			return false;
	return true;
}

static void
find_few(const json_t *rows, bool lacks, struct few *out)
{
	*out = (struct few){ .count = 0 };
	for (size_t i = 0; i < json_array_size(rows) && out->count < FEW_MOST; i++) {
		const json_t *row = json_array_get(rows, i);
		int64_t more = json_integer_value(json_object_get(row, "saved")) - json_integer_value(json_object_get(row, "here"));

		if ((lacks ? more : -more) <= 0 || has_copy(rows, text_get(row, "name")) || (lacks && json_is_true(json_object_get(row, "requires_grad"))))
			continue;
		out->wanted += is_new_shape(out, row) ? (lacks ? more : -more) : 0;
		out->rows[out->count++] = row;
	}
}

/* Were those of FEW that a module trained, by what was seen of the model while it made its steps in this run, as many as are wanted? Then FEW are these alone. */
static void
keep_trained(const struct cause_facts *facts, struct few *few)
{
	const struct note *notes = NULL;
	int count = facts->source && facts->source->notes ? facts->source->notes(facts->source->context, facts->process, "state", &notes) : 0;
	const json_t *rows = count > 0 ? json_object_get(notes[count - 1].json, "modules") : NULL;
	struct few kept = { .wanted = few->wanted };

	for (int i = 0; i < few->count; i++) {
		const char *name = text_get(few->rows[i], "name");
		bool trained = false;

		for (size_t n = 0; n < json_array_size(rows) && !trained; n++) {
			const json_t *row = json_array_get(rows, n);
			size_t size = strlen(text_get(row, "module"));

			trained = size > 0 && json_is_true(json_object_get(row, "requires_grad")) && strncmp(name, text_get(row, "module"), size) == 0 && name[size] == '.';
		}
		if (trained)
			kept.rows[kept.count++] = few->rows[i];
	}
	if (kept.count == kept.wanted)
		*few = kept;
}

/* How many bytes all names begin with, up to a dot. */
static size_t
common_part(const struct few *few)
{
	const char *first = text_get(few->rows[0], "name");
	size_t size = strlen(first);

	for (int i = 1; i < few->count; i++) {
		const char *name = text_get(few->rows[i], "name");
		size_t same = 0;

		while (same < size && name[same] == first[same])
			same++;
		size = same;
	}
	while (size > 0 && first[size - 1] != '.')
		size--;
	return few->count > 1 ? size : 0;
}

/* "embed.weight, head.weight of model.decoder" */
static void
add_names(struct text *text, const struct few *few)
{
	size_t common = common_part(few);

	for (int i = 0; i < few->count && i < NAMES_MOST; i++)
		text_add(text, "%s%s", i ? ", " : "", text_get(few->rows[i], "name") + common);
	if (few->count > NAMES_MOST)
		text_add(text, ", ... (%d)", few->count);
	if (common)
		text_add(text, " of %.*s", (int)common - 1, text_get(few->rows[0], "name"));
}

/* Whether each of FEW is called by a name that has WORD. */
static bool
all_called(const struct few *few, const char *word)
{
	for (int i = 0; i < few->count; i++)
		if (!strstr(text_get(few->rows[i], "name"), word))
			return false;
	return few->count > 0;
}

/* The line that freezes by name, and that leaves out what is missing (as far as its text tells); else any that sets what is trained. */
static void
tell_line(const struct cause_facts *facts, struct cause *out, const struct few *few)
{
	const char *names[FEW_MOST];
	struct freezes line;

	for (int i = 0; i < few->count; i++)
		names[i] = text_get(few->rows[i], "name");
	if (!freezes_find(facts, names, few->count, &line))
		return;
	text_add(&out->evidence, "%srequires_grad is set at %s: `%s`", out->evidence.used ? "; " : "", line.where, line.source);
	if (line.leaves_out)
		text_add(&out->text, "; %s leaves them out", line.where);
	if (line.leaves_out && all_called(few, COPIED))
		text_add(&out->fix, "let the condition at %s hold for \"modules_to_save\", too (`or \"modules_to_save\" in` the name), what was trained as a copy: ", line.where);
	else if (line.leaves_out)
		text_add(&out->fix, "let the condition at %s hold for them, too: ", line.where);
	else
		text_add(&out->fix, "look at %s, which sets requires_grad: ", line.where);
}

/* The parameters by name that were saved and aren't trained here, or are trained here and weren't saved. */
static void
tell_parameters(const struct cause_facts *facts, struct cause *out, int64_t saved, int64_t here)
{
	const json_t *rows = json_object_get(facts->groups, "parameters");
	struct few few;

	find_few(rows, saved > here, &few);
	if (few.count == FEW_MOST)
		return; /* there may be more */
	if (few.count > few.wanted && saved > here)
		keep_trained(facts, &few);
	if (!few.count)
		return;
	if (few.count == few.wanted && saved > here)
		text_add(&out->text, "; by their shapes, the missing ones are frozen now: ");
	else if (few.count == few.wanted)
		text_add(&out->text, "; by their shapes, the new ones are trained now, and were not when it was saved: ");
	else if (saved > here)
		text_add(&out->text, "; by their shapes, the missing ones are %" PRId64 " of these, which are frozen now: ", few.wanted);
	else
		text_add(&out->text, "; by their shapes, the new ones are %" PRId64 " of these, which are trained now: ", few.wanted);
	add_names(&out->text, &few);
	if (saved > here)
		tell_line(facts, out, &few);
}

/* How many groups there are on both sides, and of which epochs they are, as far as that is within reach. */
static void
tell_groups(const struct cause_facts *facts, struct cause *out)
{
	const json_t *here = number_with(facts, "len(", ".param_groups)"), *saved = number_with(facts, "len(", "['param_groups'])"), *then = number_with(facts, "['epoch']", "");
	const json_t *now = cause_local(facts, is_epoch, NULL);
	int64_t groups = json_integer_value(json_object_get(here, "value")), saved_groups = json_integer_value(json_object_get(saved, "value")), was, is;
	int differs = differing_group(facts->groups, &was, &is);

	if (differs >= 0 && json_array_size(json_object_get(facts->groups, "groups")) > 1)
		text_add(&out->text, "%" PRId64 " parameters were saved in its group %d, here are %" PRId64, was, differs, is);
	else if (differs >= 0)
		text_add(&out->text, "%" PRId64 " parameters were saved, here are %" PRId64, was, is);
	else if (here && saved && groups != saved_groups)
		text_add(&out->text, "%" PRId64 " groups were saved, here are %" PRId64, saved_groups, groups);
	else if (here && saved)
		text_add(&out->text, "%" PRId64 " groups in both, one of them with more or fewer parameters (frozen or added since)", groups);
	else
		text_add(&out->text, "other groups, or another number in a group");
	if (differs >= 0)
		tell_parameters(facts, out, was, is);
	if (!then || !now || json_equal(json_object_get(then, "value"), json_object_get(now, "value")))
		return;
	text_add(&out->text, "; it was saved in another epoch");
	cause_add_number(facts, &out->text, then);
	text_add(&out->text, " than this optimizer was made for");
	cause_add_number(facts, &out->text, now);
	text_add(&out->fix, "where what is trained depends on the epoch (layers that are unfrozen later), make the optimizer as it was in the epoch of the checkpoint; else ");
}

/* Needs: the optimizer's own check of its groups. */
bool
cause_optimizer_groups(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_is_raised(facts) || !facts->message || !strstr(facts->message, "parameter group") || !strstr(facts->message, "state dict"))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the optimizer's checkpoint was saved for another set of parameters: ");
	tell_groups(facts, out);
	text_add(&out->fix, "make the optimizer over the same parameters as when it was saved (the same frozen layers, adapters and groups, in the same order), "
		 "or start it without the saved state");
	return true;
}
