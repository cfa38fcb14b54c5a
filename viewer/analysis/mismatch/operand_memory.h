/*
 * Which piece of a device's memory an operand's data lies in, and whether that had been freed by the time of the failure.
 *
 * {"address":"0x...","offset":bytes from the piece's start,"bytes":the piece's,"operation","where": who allocated it,
 *  "freed":bool,"freed_where":line or null}
 */
#ifndef SHAPEBOX_VIEWER_ANALYSIS_OPERAND_MEMORY_H
#define SHAPEBOX_VIEWER_ANALYSIS_OPERAND_MEMORY_H

#include "../source.h"

/* Of LOCAL, a tensor's VARIABLE of a note; null where it isn't on a device, or nothing is known. New reference. */
json_t *operand_memory(const struct source *source, int process, const json_t *local, int64_t until_ns);

#endif
