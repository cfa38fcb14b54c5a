#include "progress.h"

#include <stddef.h>

static void (*listener)(int thousandths);
static int64_t part, parts = 1;

void
progress_listen(void (*listen)(int thousandths))
{
	listener = listen;
	progress_part(0, 1);
}

void
progress_part(int64_t number, int64_t count)
{
	part = number;
	parts = count > 0 ? count : 1;
}

void
progress_tell(int64_t done, int64_t total)
{
	double share;

	if (!listener || total <= 0)
		return;
	share = ((double)part + (double)done / (double)total) / (double)parts;
	listener(share < 0 ? 0 : share > 1 ? 1000 : (int)(share * 1000));
}
