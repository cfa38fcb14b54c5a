#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "subject.h"
#include "text.h"

#define TOLD_BYTES 8192

/* " torch.Size([16, 16])" at the end of TOLD. */
static void
add_shape(char *told, size_t size, const json_t *shape)
{
	size_t used = strlen(told);

	text_format(told + used, size - used, " torch.Size([");
	for (size_t i = 0; i < json_array_size(shape); i++) {
		used = strlen(told);
		text_format(told + used, size - used, "%s%" JSON_INTEGER_FORMAT, i ? ", " : "", json_integer_value(json_array_get(shape, i)));
	}
	used = strlen(told);
	text_format(told + used, size - used, "])");
}

char *
subject_told_shapes(const json_t *note, const char *message)
{
	const json_t *shapes = json_object_get(note, "shapes"), *pairs = json_object_get(shapes, "pairs");
	char *told;

	/* Who collects them calls them so, and has the file's shape first, as it is told. */
	if (!strstr(text_get(shapes, "name"), "mismatch") || !json_array_size(pairs) || (message && strstr(message, "size mismatch for ")))
		return NULL;
	told = malloc(TOLD_BYTES);
	if (!told)
		return NULL;
	text_format(told, TOLD_BYTES, "%s", message ? message : "");
	for (size_t i = 0; i < json_array_size(pairs); i++) {
		const json_t *pair = json_array_get(pairs, i), *both = json_object_get(pair, "shapes");
		size_t used = strlen(told);

		text_format(told + used, TOLD_BYTES - used, "\n\tsize mismatch for %s: copying a param with shape", text_get(pair, "of"));
		add_shape(told, TOLD_BYTES, json_array_get(both, 0));
		used = strlen(told);
		text_format(told + used, TOLD_BYTES - used, " from checkpoint, the shape in current model is");
		add_shape(told, TOLD_BYTES, json_array_get(both, 1));
	}
	return told;
}
