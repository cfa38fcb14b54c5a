/* The origin of another form than ever: what was first made so, whatever added a dimension since, as it does in every call. */
#include <stdlib.h>
#include <string.h>

#include "diagnosis_parts.h"
#include "text.h"

bool
diagnosis_form(struct diagnosis *diagnosis, int place, const struct form_changed *was, struct lineage *lineage)
{
	struct lineage *way = calloc(1, sizeof(*way));
	struct form_first first;
	char what[64];
	bool found;

	found = way && form_follow(diagnosis->source, diagnosis->failure->process, diagnosis->subject, place, was, way, &first) && way->count > lineage->count;
	if (found) {
		memcpy(lineage->steps, way->steps, (size_t)way->count * sizeof(*way->steps));
		lineage->count = way->count;
		lineage->decider = way->decider;
		text_say(what, sizeof(what), "%d dimension%s", first.now.event.outputs[first.now.output].ndim, language_plural(first.now.event.outputs[first.now.output].ndim));
		json_decref(diagnosis->origin);
		diagnosis->origin = lineage_origin(diagnosis->source, lineage, what);
	}
	free(way);
	return found;
}
