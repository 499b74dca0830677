import numpy as np
def encode_batches(encoder, images):
    return encoder.encode_images(images)
