/*
 * The tensors of the known-answer test, and what is learned from them. Called by torch_learn (torch_learn.c) alone, on
 * its thread, before anything is recorded. Fills tensor_layout; what is not proven stays unknown.
 *
 * Everything is asked through PyTorch's own C interface (torch/csrc/inductor/aoti_torch/c/shim.h), of tensors made here:
 * never of the program's.
 */
#ifndef SHAPEBOX_LIBSHIM_TORCH_LEARN_H
#define SHAPEBOX_LIBSHIM_TORCH_LEARN_H

#include <stdbool.h>

#define DTYPE_FLOAT 6 /* c10::ScalarType */

typedef void *aoti_handle; /* AtenTensorHandle: at::Tensor *, whose first word is the TensorImpl */

enum learn_tensor {
	LEARN_PLAIN, /* float, 3 dimensions */
	LEARN_HALF,  /* the same as bfloat16 */
	LEARN_META,  /* the same on the meta device */
	LEARN_SIX,   /* 6 dimensions: more than fit inside */
	LEARN_VIEW,  /* of PLAIN, with an offset */
	LEARN_TENSORS
};

/* Look up the functions. False if one is missing without which nothing can be learned. */
bool learn_look_up(void);

/* Make the meta tensor: the one whose making passes the dispatcher. Then the others. */
bool learn_make_meta(aoti_handle handles[LEARN_TENSORS]);
bool learn_make_others(aoti_handle handles[LEARN_TENSORS]);
void learn_delete(aoti_handle handle);

const void *learn_impl(aoti_handle handle);

/* Offsets of a TensorImpl; its dispatch keys (after the offsets); where a storage keeps its data (after both, with
 * tensors of its own). */
bool learn_layout(const aoti_handle handles[LEARN_TENSORS]);
bool learn_keys(const aoti_handle handles[LEARN_TENSORS]);
bool learn_data(void);

#endif
