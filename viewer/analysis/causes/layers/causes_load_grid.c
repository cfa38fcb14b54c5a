/* Positions of a grid of patches that a checkpoint has of another grid than the model: pictures of another size. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"

const char cause_picture_names[] = "image img picture resolution crop";

static int64_t
root_of(int64_t square)
{
	int64_t root = 0;

	while ((root + 1) * (root + 1) <= square && root < 4096)
		root++;
	return root > 1 && root * root == square ? root : 0;
}

/* Are the numbers called by the same last name? */
static bool
same_last(const json_t *one, const json_t *other)
{
	const char *a, *b;
	size_t size = cause_last_name(text_get(one, "name"), &a);

	return size == cause_last_name(text_get(other, "name"), &b) && strncmp(a, b, size) == 0;
}

const json_t *
cause_picture_number(const struct cause_facts *facts, int64_t value, const char *hints, const json_t *like)
{
	const json_t *number, *found = NULL;
	struct text_walk at = { 0 };

	while ((number = cause_next_number(facts, &at))) {
		const struct setting *set;

		if (json_integer_value(json_object_get(number, "value")) != value || !cause_is_called(number, hints) ||
		    (like && !same_last(number, like)))
			continue;
		set = settings_find(facts->settings, text_get(number, "name"), value);
		if (set && set->file >= 0)
			return number;
		found = found && (strstr(text_get(found, "name"), "['") || !strstr(text_get(number, "name"), "['")) ? found : number;
	}
	return found;
}

static bool
is_called_in(const json_t *frames, const char *folder)
{
	for (size_t i = 0; i < json_array_size(frames); i++)
		if (strstr(text_get(json_array_get(frames, i), "file"), folder))
			return true;
	return false;
}

/* The model's pictures are of NOW by SIZE, those that the checkpoint was made with of THEN; in patches of SIDE. Who set the size meant it. */
static void
tell_grid_fix(const struct cause_facts *facts, struct cause *out, const json_t *size, int64_t then, int64_t now, int64_t side)
{
	bool meant = settings_find(facts->settings, text_get(size, "name"), now * side);
	const char *name = settings_name(facts->settings, text_get(size, "name"), now * side);

	if (meant) {
		text_add(&out->fix, "bring the saved positions from %" PRId64 " x %" PRId64 " to %" PRId64 " x %" PRId64 " by interpolation before they are loaded", then, then, now, now);
		if (is_called_in(facts->frames, "/timm/"))
			text_add(&out->fix, " (timm.models.load_checkpoint(model, path, filter_fn=checkpoint_filter_fn), the one in the model's own file)");
		text_add(&out->fix, "; or set %s to %" PRId64 ", as it was when this was saved, and then give it pictures of %" PRId64, name, then * side, then * side);
		return;
	}
	text_add(&out->fix, "set %s to %" PRId64 ", as it was when this was saved, and then give it pictures of %" PRId64 "; or bring the saved positions from %" PRId64 " x %" PRId64
		 " to %" PRId64 " x %" PRId64 " by interpolation before they are loaded", name, then * side, then * side, then, then, now, now);
}

/* A patch's side by name makes the model's grid of a picture's side by name: tells both, and the picture that the saved grid was of. */
static bool
tell_patches(const struct cause_facts *facts, struct cause *out, int64_t then, int64_t now)
{
	struct text_walk at = { 0 };
	const json_t *patch;

	while ((patch = cause_next_number(facts, &at))) {
		int64_t side = json_integer_value(json_object_get(patch, "value"));
		const json_t *size = side > 1 && cause_is_called(patch, "patch") ? cause_picture_number(facts, now * side, cause_picture_names, NULL) : NULL;

		if (!size)
			continue;
		text_add(&out->text, ", of pictures of %" PRId64 " then", then * side);
		cause_add_number(facts, &out->text, cause_picture_number(facts, then * side, cause_picture_names, size));
		text_add(&out->text, " and of %" PRId64 " now", now * side);
		cause_add_number(facts, &out->text, size);
		text_add(&out->text, ", in patches of %" PRId64, side);
		out->setting = size;
		tell_grid_fix(facts, out, size, then, now, side);
		return true;
	}
	return false;
}

bool
cause_add_saved_grid(const struct cause_facts *facts, struct cause *out, int64_t saved, int64_t model)
{
	int more = root_of(saved - 1) && root_of(model - 1);
	int64_t then = root_of(saved - more), now = root_of(model - more);

	if (!then || !now)
		return false;
	text_add(&out->text, "; %" PRId64 " = %" PRId64 " x %" PRId64 "%s and %" PRId64 " = %" PRId64 " x %" PRId64 "%s: positions of another grid of patches", saved, then, then,
		 more ? " + 1" : "", model, now, now, more ? " + 1" : "");
	if (tell_patches(facts, out, then, now))
		return true;
	for (int64_t patch = 2; patch <= 64; patch++) {
		const json_t *size = cause_named_number(facts, now * patch, "size resolution side"), *was = cause_named_number(facts, then * patch, "size resolution side");

		if (!cause_is_called(size, "size resolution side") || !cause_is_called(was, "size resolution side"))
			continue;
		text_add(&out->text, ", of pictures of %" PRId64 " then", then * patch);
		cause_add_number(facts, &out->text, was);
		text_add(&out->text, " and of %" PRId64 " now", now * patch);
		cause_add_number(facts, &out->text, size);
		out->setting = size;
		return true;
	}
	return true;
}
