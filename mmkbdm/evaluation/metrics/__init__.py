"""What the metrics of MMPose do not tell."""

from .caption_retrieval import CaptionRetrieval
from .clip_features import CLIPFeatures
from .generated_images import CLIPScore, FeatureDistances
from .generated_poses import KeypointAP, PeopleCountError, PoseSimilarityAP
from .inception_features import InceptionFeatures
from .left_right_swap import LeftRightSwap
from .occluded_ap import OccludedAP
from .pose_features import PoseBackboneFeatures
from .sample_means import SampleMeans

__all__ = [
    'CLIPFeatures',
    'CLIPScore',
    'CaptionRetrieval',
    'FeatureDistances',
    'InceptionFeatures',
    'KeypointAP',
    'LeftRightSwap',
    'OccludedAP',
    'PeopleCountError',
    'PoseBackboneFeatures',
    'PoseSimilarityAP',
    'SampleMeans',
]
