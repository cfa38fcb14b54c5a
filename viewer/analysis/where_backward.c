/* The line that called the backward in which what is shown ran. See where.h. */
#include "where.h"

#include <string.h>

#include "text.h"

const json_t *
where_backward(const json_t *frames)
{
	int chosen = where_choose(frames), engine = -1;

	for (size_t i = 0; i < json_array_size(frames); i++)
		if (strcmp(text_get(json_array_get(frames, i), "function"), "_engine_run_backward") == 0)
			engine = (int)i;
	for (size_t i = (size_t)engine + 1; chosen >= 0 && chosen < engine && i < json_array_size(frames); i++)
		if (!where_is_foreign(text_get(json_array_get(frames, i), "file")))
			return json_array_get(frames, i);
	return NULL;
}
