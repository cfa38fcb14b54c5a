"""A tensor whose memory was given back to the allocator behind its back, as a wrong native extension does."""
import torch


def main():
    x = torch.ones(4, 1024).cuda()
    rows = x[2:]
    y = torch.ones(3, 1024).cuda()
    torch.cuda.caching_allocator_delete(x.data_ptr())  # FREED
    print((rows + y).shape)  # FAIL HERE


main()
