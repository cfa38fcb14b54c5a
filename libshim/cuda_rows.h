/*
 * The rows of cuda_runtime.def and cuda_driver.def by number: CUDA_ROW_<symbol>, an index into cuda_rows, cuda_real and
 * cuda_wrappers.
 */
#ifndef SHAPEBOX_LIBSHIM_CUDA_ROWS_H
#define SHAPEBOX_LIBSHIM_CUDA_ROWS_H

enum cuda_row_number {
#define CUDA_CALL(symbol, ...) CUDA_ROW_##symbol,
#define CUDA_LAUNCH(symbol, ...) CUDA_ROW_##symbol,
#define CUDA_PLAIN(symbol) CUDA_ROW_##symbol,
#define CUDA_STATE(symbol, ...) CUDA_ROW_##symbol,
#define CUDA_SPECIAL(symbol) CUDA_ROW_##symbol,
#include "cuda_runtime.def"
	CUDA_ROWS_RUNTIME, /* how many there are; the driver's follow */
	CUDA_ROW_BEFORE_DRIVER = CUDA_ROWS_RUNTIME - 1,
#define CUDA_CALL(symbol, ...) CUDA_ROW_##symbol,
#define CUDA_LAUNCH(symbol, ...) CUDA_ROW_##symbol,
#define CUDA_PLAIN(symbol, ...) CUDA_ROW_##symbol,
#define CUDA_STATE(symbol, ...) CUDA_ROW_##symbol,
#define CUDA_SPECIAL(symbol) CUDA_ROW_##symbol,
#include "cuda_driver.def"
	CUDA_ROWS
};

#endif
